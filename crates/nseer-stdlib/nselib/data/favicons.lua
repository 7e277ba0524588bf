---
-- Icons of programs by their MD5 sums, for the script <code>http-favicon</code>.
--
-- Each sum was taken from the file in a program's own package.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name data.favicons

return {
  ["08ee2b33bb6205857a74bfa29a3a3fd3"] = "Transmission",
  ["1b165c65cc06600274ab34f037fda919"] = "Transmission",
  ["1ffbf74a0c4ad7681a8169b757cc9a8b"] = "Transmission",
  ["779fdb5d19aac775b954eff0b079dc8d"] = "Deluge",
  ["ed7d5c39c69262f4ba95418d4f909b10"] = "Jetty",
}
