-- url.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives)
  -- parse.
  gives([[url.parse("http://user:pw@www.example.com:8080/dir/file.html;par?q=1&r=2#frag")]],
    {ascii_host = "www.example.com", authority = "user:pw@www.example.com:8080", extension = "html",
    fragment = "frag", host = "www.example.com", is_folder = false, params = "par", password = "pw",
    path = "/dir/file.html", port = 8080, query = "q=1&r=2", scheme = "http", user = "user",
    userinfo = "user:pw"})
  gives([[url.parse("http://www.example.com")]],
    {ascii_host = "www.example.com", authority = "www.example.com", host = "www.example.com",
    is_folder = false, path = "", scheme = "http"})
  gives([[url.parse("http://www.example.com/")]],
    {ascii_host = "www.example.com", authority = "www.example.com", host = "www.example.com",
    is_folder = true, path = "/", scheme = "http"})
  gives([[url.parse("https://www.example.com/")]],
    {ascii_host = "www.example.com", authority = "www.example.com", host = "www.example.com",
    is_folder = true, path = "/", scheme = "https"})
  gives([[url.parse("ftp://www.example.com/")]],
    {ascii_host = "www.example.com", authority = "www.example.com", host = "www.example.com",
    is_folder = true, path = "/", scheme = "ftp"})
  gives([[url.parse("HTTP://WWW.Example.com/A")]],
    {ascii_host = "www.example.com", authority = "WWW.Example.com", host = "WWW.Example.com",
    is_folder = false, path = "/A", scheme = "http"})
  gives([[url.parse("http://www.example.com:99")]],
    {ascii_host = "www.example.com", authority = "www.example.com:99", host = "www.example.com",
    is_folder = false, path = "", port = 99, scheme = "http"})
  gives([[url.parse("http://[::1]:80/x")]],
    {ascii_host = "[::1]", authority = "[::1]:80", host = "[::1]", is_folder = false, path = "/x",
    port = 80, scheme = "http"})
  gives([[url.parse("http://[::1]/x")]],
    {ascii_host = "[::1]", authority = "[::1]", host = "[::1]", is_folder = false, path = "/x",
    scheme = "http"})
  gives([[url.parse("http://[::1]")]],
    {ascii_host = "[::1]", authority = "[::1]", host = "[::1]", is_folder = false, path = "",
    scheme = "http"})
  gives([[url.parse("/path/x.php?a=b#f")]],
    {extension = "php", fragment = "f", is_folder = false, path = "/path/x.php", query = "a=b"})
  gives([[url.parse("path/x.php")]], {extension = "php", is_folder = false, path = "path/x.php"})
  gives([[url.parse("?a=b")]], {is_folder = false, path = "", query = "a=b"})
  gives([[url.parse("#f")]], {fragment = "f", is_folder = false, path = ""})
  gives([[url.parse("//host/path")]],
    {ascii_host = "host", authority = "host", host = "host", is_folder = false, path = "/path"})
  gives([[url.parse("//host:81")]],
    {ascii_host = "host", authority = "host:81", host = "host", is_folder = false, path = "", port = 81})
  gives([[url.parse("mailto:a@b.c")]],
    {extension = "c", is_folder = false, path = "a@b.c", scheme = "mailto"})
  gives([[url.parse("javascript:void(0)")]], {is_folder = false, path = "void(0)", scheme = "javascript"})
  gives([[url.parse("")]], {is_folder = false, path = ""})
  gives([[url.parse(5)]], {is_folder = false, path = "5"})
  gives([[url.parse("http://user@h/")]],
    {ascii_host = "h", authority = "user@h", host = "h", is_folder = true, path = "/", scheme = "http",
    user = "user", userinfo = "user"})
  gives([[url.parse("http://user:@h/")]],
    {ascii_host = "h", authority = "user:@h", host = "h", is_folder = true, password = "", path = "/",
    scheme = "http", user = "user", userinfo = "user:"})
  gives([[url.parse("http://h#f")]],
    {ascii_host = "h", authority = "h", fragment = "f", host = "h", is_folder = false, path = "",
    scheme = "http"})
  gives([[url.parse("http://h;p")]],
    {ascii_host = "h;p", authority = "h;p", host = "h;p", is_folder = false, path = "", scheme = "http"})
  gives([[url.parse("http://h/a;p;q?x?y#z#w")]],
    {ascii_host = "h", authority = "h", fragment = "z#w", host = "h", is_folder = false, params = "p;q",
    path = "/a", query = "x?y", scheme = "http"})
  gives([[url.parse("/a/b.tar.gz")]], {extension = "gz", is_folder = false, path = "/a/b.tar.gz"})
  gives([[url.parse("/a/b")]], {is_folder = false, path = "/a/b"})
  gives([[url.parse("/a.b/c")]], {is_folder = false, path = "/a.b/c"})
  gives([[url.parse("/a/.htaccess")]], {extension = "htaccess", is_folder = false, path = "/a/.htaccess"})
  gives([[url.parse("/a/b.")]], {is_folder = false, path = "/a/b."})
  gives([[url.parse("/a%20b.php")]], {extension = "php", is_folder = false, path = "/a%20b.php"})
  gives([[url.parse("http://h/a b")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "/a b", scheme = "http"})
  gives([[url.parse("http:/h/x")]], {is_folder = false, path = "/h/x", scheme = "http"})
  gives([[url.parse("http:h")]], {is_folder = false, path = "h", scheme = "http"})
  gives([[url.parse("a+b-c.d://x")]],
    {ascii_host = "x", authority = "x", host = "x", is_folder = false, path = "", scheme = "a+b-c.d"})
  gives([[url.parse("file:///etc/passwd")]],
    {authority = "", is_folder = false, path = "/etc/passwd", scheme = "file"})
  gives([[url.parse("http://h:abc/")]],
    {ascii_host = "h:abc", authority = "h:abc", host = "h:abc", is_folder = true, path = "/",
    scheme = "http"})
  gives([[url.parse("http://h:80:90/")]],
    {ascii_host = "h:80", authority = "h:80:90", host = "h:80", is_folder = true, path = "/", port = 90,
    scheme = "http"})
  gives([[url.parse("/x", {scheme="s", host="hh"})]],
    {host = "hh", is_folder = false, path = "/x", scheme = "s"})
  gives([[url.parse("http://www.example.com/\195\188")]],
    {ascii_host = "www.example.com", authority = "www.example.com", host = "www.example.com",
    is_folder = false, path = "/\xc3\xbc", scheme = "http"})
  gives([[url.parse("ldap://h")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "", scheme = "ldap"})
  gives([[url.parse("gopher://h")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "", scheme = "gopher"})
  gives([[url.parse("rtsp://h/x")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "/x", scheme = "rtsp"})
  gives([[url.parse("ws://h/x")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "/x", scheme = "ws"})
  gives([[url.parse("http://h/?")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = true, path = "/", query = "",
    scheme = "http"})
  gives([[url.parse("http://h/#")]],
    {ascii_host = "h", authority = "h", fragment = "", host = "h", is_folder = true, path = "/",
    scheme = "http"})
  gives([[url.parse("http://h/;")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = true, params = "", path = "/",
    scheme = "http"})
  gives([[url.parse("/?a=b;c=d")]], {is_folder = true, path = "/", query = "a=b;c=d"})
  gives([[url.parse("x;y")]], {is_folder = false, params = "y", path = "x"})
  gives([[url.parse("http://h/x y?q r#f g")]],
    {ascii_host = "h", authority = "h", fragment = "f g", host = "h", is_folder = false, path = "/x y",
    query = "q r", scheme = "http"})
  gives([[url.parse("http://h:0/")]],
    {ascii_host = "h", authority = "h:0", host = "h", is_folder = true, path = "/", port = 0,
    scheme = "http"})
  gives([[url.parse("http://u%40x:p%3a@h/")]],
    {ascii_host = "h", authority = "u%40x:p%3A@h", host = "h", is_folder = true, password = "p%3A",
    path = "/", scheme = "http", user = "u%40x", userinfo = "u%40x:p%3A"})
  gives([[url.parse("localhost:8080/x")]], {is_folder = false, path = "8080/x", scheme = "localhost"})

  -- parse, unlike Nmap: RFC 3986 is followed where a port, a colon or a path is missing or doubled.
  gives([[url.parse("http://www.example.com:/")]],
    {ascii_host = "www.example.com", authority = "www.example.com:", host = "www.example.com",
    is_folder = true, path = "/", scheme = "http"})
  gives([[url.parse("http://u:p:q@h/")]],
    {ascii_host = "h", authority = "u:p:q@h", host = "h", is_folder = true, password = "p:q", path = "/",
    scheme = "http", user = "u", userinfo = "u:p:q"})
  gives([[url.parse("http://a@b@h/")]],
    {ascii_host = "h", authority = "a@b@h", host = "h", is_folder = true, path = "/", scheme = "http",
    user = "a@b", userinfo = "a@b"})
  gives([[url.parse("http://h?q")]],
    {ascii_host = "h", authority = "h", host = "h", is_folder = false, path = "", query = "q",
    scheme = "http"})
  gives([[url.parse("1http://x")]], {is_folder = false, path = "1http://x"})
  gives([[url.parse("http://b\195\188cher.example/")]],
    {authority = "b\xc3\xbccher.example", host = "b\xc3\xbccher.example", is_folder = true, path = "/",
    scheme = "http"})
  gives([[url.parse("http://XN--abc.com/")]],
    {ascii_host = "xn--abc.com", authority = "XN--abc.com", host = "XN--abc.com", is_folder = true,
    path = "/", scheme = "http"})
  gives([[url.parse("http://h:99999999999999999999/")]],
    {ascii_host = "h", authority = "h:99999999999999999999", host = "h", is_folder = true, path = "/",
    scheme = "http"})

  -- build.
  gives([[url.build({scheme="http",host="h",port=80,path="/x"})]], "http://h:80/x")
  gives([[url.build({scheme="http",host="h",port=8080,path="/x"})]], "http://h:8080/x")
  gives([[url.build({scheme="http",host="h",port="80",path="/x"})]], "http://h:80/x")
  gives([[url.build({scheme="https",host="h",port=443,path="/x"})]], "https://h:443/x")
  gives([[url.build({scheme="https",host="h",port=80,path="/x"})]], "https://h:80/x")
  gives([[url.build({scheme="http",host="h",path="/x",params="p",query="q=1",fragment="f"})]],
    "http://h/x;p?q=1#f")
  gives([[url.build({scheme="http",host="h"})]], "http://h")
  gives([[url.build({host="h",path="/x"})]], "//h/x")
  gives([[url.build({path="/x"})]], "/x")
  gives([[url.build({path="x",query=""})]], "x?")
  gives([[url.build({query="a"})]], "?a")
  gives([[url.build({})]], "")
  gives([[url.build({scheme="http",authority="u:p@h:1",path="/x"})]], "http://u:p@h:1/x")
  gives([[url.build({scheme="http",authority="a:1",host="h",path="/x"})]], "http://h/x")
  gives([[url.build({scheme="http",host="h",user="u",password="p",path="/x"})]], "http://u:p@h/x")
  gives([[url.build({scheme="http",host="h",userinfo="u:p",path="/x"})]], "http://u:p@h/x")
  gives([[url.build({scheme="http",host="h",user="u",path="/x"})]], "http://u@h/x")
  gives([[url.build({scheme="http",host="h",password="p",path="/x"})]], "http://h/x")
  gives([[url.build({scheme="http",host="[::1]",port=81,path="/x"})]], "http://[::1]:81/x")
  gives([[url.build({path="/a/../b"})]], "/a/../b")
  gives([[url.build({path="../b"})]], "../b")
  gives([[url.build({scheme="HTTP",host="H",path="/X"})]], "HTTP://H/X")
  gives([[url.build({params="p"})]], ";p")
  gives([[url.build({fragment="f"})]], "#f")
  gives([[url.build(url.parse("http://user:pw@www.example.com:8080/dir/file.html;par?q=1&r=2#frag"))]],
    "http://user:pw@www.example.com:8080/dir/file.html;par?q=1&r=2#frag")
  gives([[url.build(url.parse("http://h"))]], "http://h")
  gives([[url.build(url.parse("/x?y"))]], "/x?y")
  gives([[url.build(url.parse("?y"))]], "?y")
  gives([[url.build(url.parse("http://[::1]:81/x"))]], "http://[::1]:81/x")

  -- build, unlike Nmap: the path keeps what a path can have, and only that.
  gives([[url.build({scheme="http",host="h",path="x"})]], "http://h/x")
  gives([[url.build({scheme="http",host="::1",path="/x"})]], "http://[::1]/x")
  gives([[url.build({scheme="http",host="h",path="/a/../b/./c//d"})]], "http://h/a/../b/./c//d")
  gives([[url.build({scheme="http",host="h",path="/a b\195\188?#;%41"})]], "http://h/a%20b%C3%BC%3F%23;%41")
  gives([[url.build({scheme="mailto",path="a@b"})]], "mailto:a@b")

  -- absolute.
  gives([[url.absolute("http://a/b/c/d;p?q", "g")]], "http://a/b/c/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "g:h")]], "g:h")
  gives([[url.absolute("http://a/b/c/d;p?q", "./g")]], "http://a/b/c/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "g/")]], "http://a/b/c/g/")
  gives([[url.absolute("http://a/b/c/d;p?q", "/g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "//g")]], "http://g")
  gives([[url.absolute("http://a/b/c/d;p?q", "g?y")]], "http://a/b/c/g?y")
  gives([[url.absolute("http://a/b/c/d;p?q", "g#s")]], "http://a/b/c/g#s")
  gives([[url.absolute("http://a/b/c/d;p?q", "g?y#s")]], "http://a/b/c/g?y#s")
  gives([[url.absolute("http://a/b/c/d;p?q", ";x")]], "http://a/b/c/;x")
  gives([[url.absolute("http://a/b/c/d;p?q", "g;x")]], "http://a/b/c/g;x")
  gives([[url.absolute("http://a/b/c/d;p?q", "g;x?y#s")]], "http://a/b/c/g;x?y#s")
  gives([[url.absolute("http://a/b/c/d;p?q", ".")]], "http://a/b/c/")
  gives([[url.absolute("http://a/b/c/d;p?q", "./")]], "http://a/b/c/")
  gives([[url.absolute("http://a/b/c/d;p?q", "..")]], "http://a/b/")
  gives([[url.absolute("http://a/b/c/d;p?q", "../")]], "http://a/b/")
  gives([[url.absolute("http://a/b/c/d;p?q", "../g")]], "http://a/b/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "../..")]], "http://a/")
  gives([[url.absolute("http://a/b/c/d;p?q", "../../")]], "http://a/")
  gives([[url.absolute("http://a/b/c/d;p?q", "../../g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "../../../g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "../../../../g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "/./g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "/../g")]], "http://a/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "g.")]], "http://a/b/c/g.")
  gives([[url.absolute("http://a/b/c/d;p?q", ".g")]], "http://a/b/c/.g")
  gives([[url.absolute("http://a/b/c/d;p?q", "g..")]], "http://a/b/c/g..")
  gives([[url.absolute("http://a/b/c/d;p?q", "..g")]], "http://a/b/c/..g")
  gives([[url.absolute("http://a/b/c/d;p?q", "./../g")]], "http://a/b/g")
  gives([[url.absolute("http://a/b/c/d;p?q", "./g/.")]], "http://a/b/c/g/")
  gives([[url.absolute("http://a/b/c/d;p?q", "g/./h")]], "http://a/b/c/g/h")
  gives([[url.absolute("http://a/b/c/d;p?q", "g/../h")]], "http://a/b/c/h")
  gives([[url.absolute("http://a/b/c/d;p?q", "g;x=1/./y")]], "http://a/b/c/g;x=1/./y")
  gives([[url.absolute("http://a/b/c/d;p?q", "g;x=1/../y")]], "http://a/b/c/g;x=1/../y")
  gives([[url.absolute("http://a/b/c/d;p?q", "g?y/./x")]], "http://a/b/c/g?y/./x")
  gives([[url.absolute("http://a/b/c/d;p?q", "g?y/../x")]], "http://a/b/c/g?y/../x")
  gives([[url.absolute("http://a/b/c/d;p?q", "g#s/./x")]], "http://a/b/c/g#s/./x")
  gives([[url.absolute("http://a/b/c/d;p?q", "http:g")]], "http:g")
  gives([[url.absolute("http://a/b/c/d;p?q", "http://x/y/../z")]], "http://x/y/../z")
  gives([[url.absolute("http://a/", "g")]], "http://a/g")
  gives([[url.absolute("http://a:81/", "g")]], "http://a:81/g")
  gives([[url.absolute("http://a:81/x/", "//b/g")]], "http://b/g")
  gives([[url.absolute("http://u:p@a:81/x/", "g")]], "http://u:p@a:81/x/g")
  gives([[url.absolute("/x/y", "g")]], "/x/g")
  gives([[url.absolute("", "g")]], "g")
  gives([[url.absolute({scheme="http",host="h",path="/a/b",authority="h"}, "c")]], "http://h/a/c")
  gives([[url.absolute("http://a/b", "mailto:x")]], "mailto:x")

  -- absolute, unlike Nmap: RFC 3986 is followed for links that are empty, only a query or only a fragment.
  gives([[url.absolute("http://a/b/c/d;p?q", "?y")]], "http://a/b/c/d;p?y")
  gives([[url.absolute("http://a/b/c/d;p?q", "#s")]], "http://a/b/c/d;p?q#s")
  gives([[url.absolute("http://a/b/c/d;p?q", "")]], "http://a/b/c/d;p?q")
  gives([[url.absolute("http://a", "g")]], "http://a/g")
  gives([[url.absolute({scheme="http",host="h",path="/a/b"}, "c")]], "http://h/a/c")
  gives([[url.absolute({scheme="http",host="h",path="/a/b",port=8080}, "c")]], "http://h:8080/a/c")
  gives([[url.absolute("http://a/b//c/./d", "")]], "http://a/b//c/./d")

  -- escape and unescape.
  gives([[url.escape("a b&c=d/?\195\188~._-")]], "a%20b%26c%3Dd%2F%3F%C3%BC~._-")
  gives([[url.escape("ABCxyz019")]], "ABCxyz019")
  gives([[url.escape("")]], "")
  gives([[url.escape("!*'();:@&=+$,/?#[]%\"<>\\^`{|}\0\127")]],
    "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D%25%22%3C%3E%5C%5E%60%7B%7C%7D%00%7F")
  gives([[url.escape(5)]], "5")
  gives([[url.unescape("a%20b+c%2F%2f%zz%4")]], "a b+c//%zz%4")
  gives([[url.unescape("")]], "")
  gives([[url.unescape("%")]], "%")
  gives([[url.unescape("%41%00%ff")]], "A\0\xff")
  gives([[url.unescape("a&amp;b")]], "a&amp;b")

  -- parse_path and build_path.
  gives([[url.parse_path("/a/b/c")]], {"a", "b", "c", is_absolute = 1})
  gives([[url.parse_path("a/b/c/")]], {"a", "b", "c", is_directory = 1})
  gives([[url.parse_path("/a%20b/c//d")]], {"a b", "c", "d", is_absolute = 1})
  gives([[url.parse_path("/")]], {is_absolute = 1, is_directory = 1})
  gives([[url.parse_path("")]], {})
  gives([[url.parse_path("/a/../b/.")]], {"a", "..", "b", ".", is_absolute = 1})
  gives([[url.parse_path(nil)]], {})
  gives([[url.build_path({"a","b",is_absolute=1,is_directory=1})]], "/a/b/")
  gives([[url.build_path({"a","b c",is_absolute=true}, true)]], "/a/b c")
  gives([[url.build_path({"a","b c",is_directory=true}, true)]], "a/b c/")
  gives([[url.build_path({})]], "")
  gives([[url.build_path({is_absolute=1})]], "/")
  gives([[url.build_path({is_absolute=1,is_directory=1})]], "/")
  gives([[url.build_path({"a",is_directory=1})]], "a/")
  gives([[url.build_path({"a","b"}, false)]], "a/b")
  gives([[url.build_path({"a%","b"}, true)]], "a%/b")

  -- parse_path and build_path, unlike Nmap: segments with other characters are no error.
  gives([[url.build_path({"a","b c","d/e"})]], "a/b%20c/d%2Fe")
  gives([[url.build_path({"~a:@!$&'()*+,;=x"})]], "~a:@!$&'()*+,;=x")

  -- parse_query and build_query.
  gives([[url.parse_query("a=b&c=d")]], {a = "b", c = "d"})
  gives([[url.parse_query("a=b&a=c")]], {a = "c"})
  gives([[url.parse_query("a")]], {a = ""})
  gives([[url.parse_query("a=")]], {a = ""})
  gives([[url.parse_query("=b")]], {[""] = "b"})
  gives([[url.parse_query("")]], {[""] = ""})
  gives([[url.parse_query("a=b=c")]], {a = "b=c"})
  gives([[url.parse_query("a%20b=c+d%26")]], {["a b"] = "c+d&"})
  gives([[url.parse_query("a=1&&b=2")]], {[""] = "", a = "1", b = "2"})
  gives([[url.parse_query("a=1;b=2")]], {a = "1;b=2"})
  gives([[url.parse_query("a=&amp;b=c")]], {a = "", b = "c"})
  gives([[url.parse_query("x=1&amp;y=2")]], {x = "1", y = "2"})
  gives([[url.parse_query("x=1&lt;y=2")]], {x = "1<y=2"})
  gives([[url.parse_query("?x=1")]], {["?x"] = "1"})
  gives([[url.parse_query("a=b&")]], {[""] = "", a = "b"})
  gives([[url.parse_query("&a=b")]], {[""] = "", a = "b"})
  gives([[url.build_query({a="b"})]], "a=b")
  gives([[url.build_query({["a b"]="c&d=\195\188"})]], "a%20b=c%26d%3D%C3%BC")
  gives([[url.build_query({a=1})]], "a=1")
  gives([[url.build_query({"x"})]], "1=x")
  gives([[url.build_query({})]], "")
  gives([[url.build_query({a=""})]], "a=")
  gives([[local s=url.build_query({a="1",b="2",c="3"})
    return #s, s:match("a=1") and s:match("b=2") and s:match("c=3")]],
    11, "c=3")
  gives([[local o=stdnse.output_table() o.z="1" o.a="2" return url.build_query(o)]], "z=1&a=2")
  gives([[url.parse_query("a=&quot;&gt;&apos;&nbsp;x")]],
    {a = "", ["apos;"] = "", ["nbsp;x"] = "", ["quot;>"] = ""})
  gives([[url.parse_query("a=%26amp%3Bb")]], {a = "&amp;b"})

  -- get_default_port and get_default_scheme.
  gives([[url.get_default_port("http")]], 80)
  gives([[url.get_default_port("https")]], 443)
  gives([[url.get_default_port("ftp")]], nil)
  gives([[url.get_default_port("HTTP")]], 80)
  gives([[url.get_default_port("x")]], nil)
  gives([[url.get_default_port(nil)]], nil)
  gives([[url.get_default_scheme(80)]], "http")
  gives([[url.get_default_scheme(443)]], "https")
  gives([[url.get_default_scheme("443")]], nil)
  gives([[url.get_default_scheme(21)]], nil)
  gives([[url.get_default_scheme({number=443})]], "https")
  gives([[url.get_default_scheme(8443)]], nil)
  gives([[url.get_default_scheme({number=8443, version={service_tunnel="ssl"}})]], nil)
  gives([[url.get_default_scheme({number=8443, service="https"})]], nil)
  gives([[url.get_default_scheme({number=8080, service="http"})]], nil)
  gives([[url.get_default_scheme({number=80, version={service_tunnel="ssl"}})]], "http")
  gives([[url.get_default_scheme({number="443"})]], nil)

  -- get_default_port and get_default_scheme, unlike Nmap: no port is no error.
  gives([[url.get_default_scheme(nil)]], nil)

  -- RFC 3986, section 5.4, where nothing above says it.
  local url = require "url"
  for link, meant in pairs {
    ["/b/c/g/../x"] = "http://a/b/c/x", ["g//h"] = "http://a/b/c/g//h",
    ["?y#s"] = "http://a/b/c/d;p?y#s", ["//g:81/../x?z"] = "http://g:81/x?z",
  } do
    check(link, url.absolute("http://a/b/c/d;p?q", link), meant)
  end

  -- What is taken apart is put together again.
  for _, whole in ipairs {
    "http://user:pw@www.example.com:8080/dir//file.html;par?q=1&r=2#frag", "https://[2001:db8::1]:8443/%20x",
    "//h", "/a/b?c", "?q", "#f", "", "mailto:a@b.example", "http://h/?#", "file:///etc/passwd",
    "http://a%20b@h/",
  } do
    check(whole, url.build(url.parse(whole)), whole)
  end

  -- The digits of escapes are in upper case, and nothing else changes.
  check("digits", url.parse("http://h/%3a%2F%zz?%c3").path, "/%3A%2F%zz")

  -- Every byte survives.
  local bytes = {}
  for byte = 0, 255 do
    bytes[#bytes + 1] = string.char(byte)
  end
  bytes = table.concat(bytes)
  check("all bytes", url.unescape(url.escape(bytes)), bytes)
  check("all bytes in a query", url.parse_query(url.build_query({[bytes] = bytes})), {[bytes] = bytes})
  check("all bytes in a path", url.parse_path(url.build_path({bytes, "x"})), {bytes, "x"})

  check("sorted by name", url.build_query({c = 3, a = 1.5, b = "2"}), "a=1.5&b=2&c=3")
end
