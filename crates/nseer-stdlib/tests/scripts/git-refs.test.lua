local function packet (text)
  return ("%04x%s"):format(#text + 4, text)
end

local FIRST, SECOND = ("1a"):rep(20), ("2b"):rep(20)

test("branches and tags", {
  script = "../../scripts/git-refs.nse",
  port = "9418/tcp open git",
  args = "git-refs.path=project.git",
  peer = function (c)
    c:expect(packet("git-upload-pack /project.git\0host=127.0.0.1\0"))
    c:send(packet(FIRST .. " HEAD\0multi_ack symref=HEAD:refs/heads/main object-format=sha1 agent=git/2.40.1\n"))
    c:send(packet(FIRST .. " refs/heads/main\n") .. packet(SECOND .. " refs/heads/next\n"))
    c:send(packet(SECOND .. " refs/tags/v1\n") .. packet(FIRST .. " refs/tags/v1^{}\n") .. "0000")
    c:expect("0000")
  end,
  snapshot = true,
})

test("more than are shown", {
  script = "../../scripts/git-refs.nse",
  port = "9418/tcp open git",
  peer = function (c)
    c:expect(packet("git-upload-pack /\0host=127.0.0.1\0"))
    c:send(packet(FIRST .. " refs/heads/b0\0agent=git/2.40.1"))
    for at = 1, 30 do
      c:send(packet(FIRST .. " refs/heads/b" .. at))
    end
    c:send("0000")
    c:expect("0000")
  end,
  snapshot = true,
})

test("a list that breaks off", {
  script = "../../scripts/git-refs.nse",
  port = "9418/tcp open git",
  peer = function (c)
    c:receive()
    c:send(packet(FIRST .. " HEAD\0agent=git/2.40.1"))
  end,
  output = false,
})
