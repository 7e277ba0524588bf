---
-- Names and passwords that devices and programs are delivered with, for the library <code>unpwdb</code>.
--
-- They are written down from manuals of such products; a user who wants more names a list.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name data.logins

return {
  usernames = {
    "admin", "root", "user", "guest", "test", "administrator", "operator", "support", "service", "ubnt", "pi",
    "cisco", "oracle", "postgres", "mysql", "tomcat",
  },
  passwords = {
    "", "admin", "root", "password", "user", "guest", "test", "1234", "12345", "123456", "default", "changeme",
    "public", "raspberry", "ubnt", "cisco", "oracle", "postgres", "tomcat", "s3cret",
  },
}
