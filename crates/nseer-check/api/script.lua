---@meta
-- The globals of a script: what it defines, and what the engine defines for it.

---What the script does, in one paragraph or more; the first stands alone.
---@type string
description = nil

---@type string|string[]
author = nil

---@type string
license = nil

---`safe` or `intrusive`, and what else fits.
---@type string[]
categories = nil

---Scripts that have to run before this one, if they run at all.
---@type string[]
dependencies = nil

---Whether the script runs before the scan.
---@type fun(): any
prerule = nil

---Whether the script runs against a host.
---@type fun(host: nse.Host): any
hostrule = nil

---Whether the script runs against a port.
---@type fun(host: nse.Host, port: nse.Port): any
portrule = nil

---Whether the script runs after the scan.
---@type fun(): any
postrule = nil

---What the script does. What it gives is its result.
---@type fun(host: nse.Host, port: nse.Port): any, any
action = nil

---@type string
SCRIPT_NAME = nil

---@type string
SCRIPT_PATH = nil

---@type "prerule"|"hostrule"|"portrule"|"postrule"
SCRIPT_TYPE = nil
