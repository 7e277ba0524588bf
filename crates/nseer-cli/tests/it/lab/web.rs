//! Web servers with something to find: Apache and nginx, each with a small site of its own.
#![allow(clippy::disallowed_methods, reason = "the lab is made from the machine's own files")]

use std::fs;
use std::process::Command;

use super::daemons::start_tcp;
use super::{HOME, Lab, must};

/// The pages of the site: path, content.
const PAGES: &[(&str, &str)] = &[
    (
        "index.html",
        "<html><head><title>Shop &amp; more</title>\n\
         <meta name=\"generator\" content=\"Press 4.7\"></head>\n\
         <body><a href=\"/files/\">files</a></body></html>\n",
    ),
    ("robots.txt", "User-agent: *\nDisallow: /private/\nDisallow: /admin/ # not for you\n"),
    ("favicon.ico", "no picture at all"),
    ("files/a.txt", "a\n"),
    ("files/b.bin", "binary"),
    ("files/sub/c.txt", "c\n"),
    (".git/HEAD", "ref: refs/heads/main\n"),
    (".git/description", "The shop\n"),
    (".git/COMMIT_EDITMSG", "First version\n"),
    (
        ".git/config",
        "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://example.org/s.git\n",
    ),
    ("secret/x.html", "secret"),
];

/// Who may log in to Apache, with the password "secret": for Digest and for Basic.
const LOGINS: &[(&str, &str)] = &[
    ("digest.users", "anna:staff:177c38de757b44735b5195eac9917bca\n"),
    ("basic.users", "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"),
];

const APACHE: &str = "
ServerRoot /usr/lib/apache2
ServerName lab.test
PidFile /run/lab/apache.pid
Mutex file:/run/lab default
ErrorLog /run/lab/apache.log
TraceEnable on
Listen 80
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule auth_digest_module modules/mod_auth_digest.so
LoadModule authn_file_module modules/mod_authn_file.so
LoadModule authz_user_module modules/mod_authz_user.so
LoadModule dir_module modules/mod_dir.so
LoadModule mime_module modules/mod_mime.so
LoadModule auth_basic_module modules/mod_auth_basic.so
LoadModule alias_module modules/mod_alias.so
LoadModule filter_module modules/mod_filter.so
LoadModule deflate_module modules/mod_deflate.so
LoadModule headers_module modules/mod_headers.so
LoadModule negotiation_module modules/mod_negotiation.so
LoadModule status_module modules/mod_status.so
LoadModule dav_module modules/mod_dav.so
LoadModule dav_fs_module modules/mod_dav_fs.so
TypesConfig /dev/null
AddType text/html .html
DocumentRoot /run/lab/site
DavLockDB /run/lab/dav.lock
<Directory /run/lab/site>
  Require all granted
  Options +MultiViews
</Directory>
<Location />
  Header always add Set-Cookie PHPSESSID=0123
  Header always set X-Frame-Options DENY
  Header always set X-Powered-By PHP/8.2.7
</Location>
<Location /secret>
  AuthType Digest
  AuthName staff
  AuthUserFile /run/lab/digest.users
  Require valid-user
</Location>
<Location /basic>
  AuthType Basic
  AuthName staff
  AuthUserFile /run/lab/basic.users
  Require valid-user
</Location>
Redirect /moved /robots.txt
Redirect /away http://www.example.org/
Alias /squeezed /run/lab/site
Alias /basic /run/lab/site/secret
<Location /squeezed>
  SetOutputFilter DEFLATE
</Location>
<Location /files>
  Dav On
</Location>
<Location /server-status>
  SetHandler server-status
</Location>
";

const NGINX: &str = "
daemon off;
pid /run/lab/nginx.pid;
error_log /run/lab/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path /run/lab/nginx-body;
  proxy_temp_path /run/lab/nginx-proxy;
  fastcgi_temp_path /run/lab/nginx-fastcgi;
  uwsgi_temp_path /run/lab/nginx-uwsgi;
  scgi_temp_path /run/lab/nginx-scgi;
  server {
    listen 8080;
    root /run/lab/site;
    index nothing;
    autoindex on;
    location /secret { auth_basic staff; auth_basic_user_file /dev/null; }
  }
  server {
    listen 8443 ssl;
    ssl_certificate /run/lab/web.crt;
    ssl_certificate_key /run/lab/web.key;
    root /run/lab/site;
    add_header Strict-Transport-Security max-age=600;
  }
}
";

impl Lab {
    /// Apache, on port 80: the site's start page, Digest below `/secret`, Basic below `/basic` (the
    /// user is anna, the password secret), WebDAV below `/files`, redirects, compression, TRACE.
    pub(crate) fn apache(&self) {
        write_site();
        for (name, line) in LOGINS {
            fs::write(format!("{HOME}/{name}"), line).expect("logins");
        }
        let path = format!("{HOME}/apache.conf");
        fs::write(&path, APACHE).expect("Apache's configuration");
        let mut apache = Command::new("/usr/sbin/apache2");
        start_tcp("apache2", apache.args(["-D", "FOREGROUND", "-f", &path]), 80);
    }

    /// nginx: on port 8080 the site's files as a list, Basic below `/secret`; on port 8443 the site
    /// with TLS.
    pub(crate) fn nginx(&self) {
        write_site();
        let (key, certificate) = (format!("{HOME}/web.key"), format!("{HOME}/web.crt"));
        let mut request = Command::new("openssl");
        request.args(["req", "-x509", "-nodes", "-newkey", "ec", "-days", "30"]);
        request.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=lab.test"]);
        must(request.args(["-keyout", &key, "-out", &certificate]));
        let path = format!("{HOME}/nginx.conf");
        fs::write(&path, NGINX).expect("nginx's configuration");
        let mut nginx = Command::new("/usr/sbin/nginx");
        start_tcp("nginx", nginx.args(["-c", &path, "-e", "/run/lab/nginx.log"]), 8443);
    }
}

fn write_site() {
    for (name, content) in PAGES {
        let path = std::path::PathBuf::from(format!("{HOME}/site/{name}"));
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(&path, content).expect("a page");
        must(Command::new("touch").args(["-d", "2021-02-03 04:05:06"]).arg(&path));
    }
    must(Command::new("chmod").args(["-R", "a+rX", HOME]));
}
