//! Probe files, good and bad, and answers of all kinds.

mod hostile;
mod language;
mod same_answer;
