---@meta
-- The native module libssh2: SSH.

---SSH. Failures raise errors.
---@class libssh2
libssh2 = {}

---Connects and agrees on keys.
---@async
---@param host nse.Host|string
---@param port integer
---@param timeout? integer Milliseconds for each step; 30000 if left out. Nmap has no such argument and ignores it.
---@return userdata|boolean session
---@return string? err
function libssh2.session_open(host, port, timeout) end

---@param session userdata
---@param algorithm? "md5"|"sha1"
---@return string|boolean hash
---@return string? err
function libssh2.hostkey_hash(session, algorithm) end

---@param session userdata
---@param milliseconds integer
function libssh2.set_timeout(session, milliseconds) end

---@async
---@param session userdata
---@param user string
---@return string[]|string|boolean methods
---@return string? err
function libssh2.userauth_list(session, user) end

---@param session userdata
---@return string?
function libssh2.userauth_banner(session) end

---@async
---@param session userdata
---@param user string
---@param password string
---@return boolean
function libssh2.userauth_password(session, user, password) end

---@async
---@param session userdata
---@param user string
---@param answer fun(user: string, name: string, instruction: string, prompts: string[]): string[]
---@return boolean
---@return any
function libssh2.userauth_keyboard_interactive(session, user, answer) end

---@async
---@param session userdata
---@param user string
---@param private_file string
---@param passphrase? string
---@param public_file? string
---@return boolean
function libssh2.userauth_publickey(session, user, private_file, passphrase, public_file) end

---@async
---@param session userdata
---@param user string
---@param private_key string
---@param passphrase? string
---@param public_key? string
---@return boolean
function libssh2.userauth_publickey_frommemory(session, user, private_key, passphrase, public_key) end

---@param path string
---@return string
function libssh2.read_publickey(path) end

---@async
---@param session userdata
---@param user string
---@param key string
---@return boolean
function libssh2.publickey_canauth(session, user, key) end

---@async
---@param session userdata
---@param no_pty? boolean
---@return userdata channel
function libssh2.open_channel(session, no_pty) end

---@async
---@param session userdata
---@param channel userdata
---@param term string
---@param modes string
---@param width integer
---@param height integer
---@param width_px integer
---@param height_px integer
function libssh2.channel_request_pty_ex(session, channel, term, modes, width, height, width_px, height_px) end

---@async
---@param session userdata
---@param channel userdata
---@param request? string
---@param message? string
function libssh2.channel_request(session, channel, request, message) end

---@async
---@param session userdata
---@param channel userdata
function libssh2.channel_shell(session, channel) end

---@async
---@param session userdata
---@param channel userdata
---@param command string
function libssh2.channel_exec(session, channel, command) end

---@async
---@param session userdata
---@param channel userdata
---@return string?
function libssh2.channel_read(session, channel) end

---@async
---@param session userdata
---@param channel userdata
---@return string?
function libssh2.channel_read_stderr(session, channel) end

---@async
---@param session userdata
---@param channel userdata
---@param data string
---@return integer
function libssh2.channel_write(session, channel, data) end

---@async
---@param session userdata
---@param channel userdata
function libssh2.channel_send_eof(session, channel) end

---@param channel userdata
---@return boolean
function libssh2.channel_eof(channel) end

---@async
---@param session userdata
---@param channel userdata
function libssh2.channel_close(session, channel) end

---@async
---@param session userdata
function libssh2.session_close(session) end

return libssh2
