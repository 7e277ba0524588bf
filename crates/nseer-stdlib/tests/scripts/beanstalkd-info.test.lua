test("a server that closes in the middle", {
  script = "../../scripts/beanstalkd-info.nse",
  port = "11300/tcp open beanstalkd",
  peer = function (c)
    c:expect("stats\r\n")
    c:send("OK 500\r\n---\ncurrent-jobs-ready: 1\n")
  end,
  output = false,
})
