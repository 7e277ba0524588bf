test("the methods", {
  script = "../../scripts/rtsp-methods.nse",
  port = "554/tcp open rtsp",
  peer = function (c)
    c:expect("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    c:send("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, PLAY\r\n\r\n")
  end,
  output = "|_rtsp-methods: OPTIONS, DESCRIBE, PLAY",
})
