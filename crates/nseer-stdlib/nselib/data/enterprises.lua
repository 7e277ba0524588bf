---
-- Makers of agents by IANA's private enterprise numbers, for the library <code>datafiles</code>: a number, a tab and a
-- name in each line.
--
-- The numbers and names are those of IANA's registry; only makers of what is found on networks are here.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name data.enterprises

return [[
2	IBM
9	ciscoSystems
11	Hewlett-Packard
23	Novell
36	DEC
42	Sun Microsystems
43	3Com
63	Apple Computer, Inc.
74	AT&T
89	RAD
94	Nokia
111	Oracle
119	NEC Corporation
171	D-Link Systems, Inc.
207	Allied Telesis, Inc.
211	Fujitsu Limited
232	Compaq
253	Xerox
311	Microsoft
318	American Power Conversion Corp.
343	Intel Corporation
534	Eaton Corporation
641	Lexmark International
674	Dell Inc.
789	NetApp
890	ZyXEL Communications Corp.
1347	Kyocera Corporation
1588	Brocade Communications Systems, Inc.
1602	CANON INC.
1916	Extreme Networks
1991	Foundry Networks, Inc.
2011	HUAWEI Technology Co.,Ltd
2021	ucdavis
2435	Brother Industries, Ltd.
2636	Juniper Networks, Inc.
3375	F5 Labs, Inc.
4413	Broadcom Limited
6574	Synology Inc.
6876	VMware Inc.
8072	net-snmp
12356	Fortinet, Inc.
14988	MikroTik
25461	Palo Alto Networks
25506	New H3C Technologies Co., Ltd
41112	Ubiquiti Networks, Inc.
]]
