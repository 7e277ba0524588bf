//! The embedded script library, service names and port frequencies; still without content.
