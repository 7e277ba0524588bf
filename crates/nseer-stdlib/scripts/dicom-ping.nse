local dicom = require "dicom"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Finds devices of medical imaging, and shows whether one of them talks to everybody or looks at titles first.
]]

---
-- Asks for an association that could only be used for an echo (DICOM, PS3.8, section 9.3.2), and closes the connection.
--
-- @usage nseer -p 104,11112 --script dicom-ping <target>
-- @args dicom-ping.called_aet Title of the device. Default: <code>ANY-SCP</code>.
-- @args dicom-ping.calling_aet Title that is given as ours. Default: <code>NSEER-SCU</code>.
-- @output
-- 11112/tcp open  dicom
-- | dicom-ping:
-- |   dicom: DICOM Service Provider discovered!
-- |_  config: Called AET check enabled
-- @xmloutput
-- <elem key="dicom">DICOM Service Provider discovered!</elem>
-- <elem key="config">Called AET check enabled</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe", "auth"}

portrule = shortport.port_or_service({104, 2761, 2762, 4242, 11112}, "dicom", "tcp")

action = function (host, port)
  local called, calling = stdnse.get_script_args(SCRIPT_NAME .. ".called_aet", SCRIPT_NAME .. ".calling_aet")
  local status, answer, refusal = dicom.associate(host, port, calling, called)
  if status == nil then
    stdnse.debug1("%s", answer)
    return nil
  end
  port.version.name = "dicom"
  nmap.set_port_version(host, port)
  local out = stdnse.output_table()
  out.dicom = "DICOM Service Provider discovered!"
  if status then
    answer.socket:close()
    out.config = not called and "Any AET is accepted (Insecure)" or nil
  else
    out.config = refusal
  end
  return out
end
