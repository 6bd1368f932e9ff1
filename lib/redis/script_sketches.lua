-- SPDX-License-Identifier: BSD-3-Clause
--
-- The third part of script.lua: operations for numbers of different sources, which are HyperLogLogs and the hosts of the
-- few, and the loop that takes one operation after the other.
--
-- Unions may be repeated by nature.

local NAMES_AT_ONCE = 200 -- HyperLogLogs deleted in one call
-- Each register that is written into a HyperLogLog in sparse form walks that form from its beginning (hllSparseSet), so
-- one of 3,000 bytes costs milliseconds. Above so many bytes it gets the dense form.
local SPARSE_BYTES = 700
local DENSE_BYTES = 12304
-- Room of a closed bucket's HyperLogLogs is measured in dense ones: memory that one of them takes at least, with its
-- key and its name (jemalloc, the shortest of names). What smaller ones take says place_of().
local DENSE_ROOM = 14500
-- A sparse one of so many hosts takes at most 8,192 bytes, four sevenths of a dense one.
local SPARSE_HOSTS = 3950
local SPARSE_VALUE_MAX = 32 -- five bits
-- What belongs to each: its object 16, its places in the tables of keys and of lifetimes with their pointers 96 (in a
-- cluster 112), its place in the set of names, a skip list, with table and pointers 96.
local PLACE_BYTES = 224
-- What belongs to a set of hosts: its object 16, its places in the tables of keys and of lifetimes 96, or 112.
local FEW_BYTES = 128
-- So few hosts are kept one by one, as Redis does in the compact form of a set of whole numbers
-- (set-max-intset-entries, as shipped).
local FEW_HOSTS = 512
local DENSE_WORK = 40 -- writing a dense one anew in sparse form, up to 0.8 ms, when doing so with a sparse one is 1

local function take_sketches()
	return {names = KEYS[number()], totals = KEYS[number()], bound = number(), ends = number(), lives = number(),
		totals_lives = number()}
end

-- The names' key is that of the strings with "_names" behind it.
local function sketch_key(set, name)
	return string.sub(set.names, 1, -7) .. ':' .. name
end

-- That of a name's hosts, as long as they are few; "hll_names" becomes "few".
local function few_key(set, name)
	return string.sub(set.names, 1, -10) .. 'few:' .. name
end

local function delete_sketch(set, name)
	write('DEL', sketch_key(set, name), few_key(set, name))
	write('ZREM', set.names, name)
end

-- Names of ports among the smallest, at most so many. There is no end of ports; all other names are as many as there are
-- regions and signatures, and each counts however small it is.
local function smallest_ports(names, most)
	local found, from = {}, 0

	repeat
		local page = redis.call('ZRANGE', names, from, from + NAMES_AT_ONCE - 1)

		for _, name in ipairs(page) do
			if #found < most and string.find(name, ':port:', 1, true) then
				found[#found + 1] = name
			end
		end
		from = from + #page
	until #found == most or #page < NAMES_AT_ONCE
	return found
end

-- Lets go of HyperLogLogs of an open bucket: the smallest of ports.
local function cut_sketches(set)
	local over = set.bound > 0 and redis.call('ZCARD', set.names) - set.bound or 0
	local ports = over > 0 and smallest_ports(set.names, over) or {}

	if #ports == 0 then
		return
	end
	for _, name in ipairs(ports) do
		delete_sketch(set, name)
	end
	add(set.totals, {'rest.hll'}, {tostring(#ports)})
	expire(set.totals, set.ends, set.totals_lives)
end

-- Unites a HyperLogLog of so many bytes with one that is given as text; `ready` if it stands in `scratch` already.
local function unite(key, bytes, scratch, string_of, ready)
	local is_sparse = bytes < DENSE_BYTES and string.byte(redis.call('GETRANGE', key, 4, 4)) == 1

	if is_sparse and bytes + #string_of > SPARSE_BYTES then
		write('SET', scratch, 'HYLL' .. string.rep('\0', 4 + 8 + 12288))
		write('PFMERGE', key, scratch)
		ready = false
	end
	if not ready then
		write('SET', scratch, string_of)
	end
	write('PFMERGE', key, scratch)
end

-- Adds hosts to the few of a name. They are all of its hosts, or they are not there: a HyperLogLog without them counts
-- more than a few, or one that was not told. So they come before it. Returns how many they are, or nothing.
local function add_hosts(key, hosts, is_first)
	if #hosts == 0 then
		write('DEL', key)
	elseif is_first or redis.call('EXISTS', key) == 1 then
		write('SADD', key, unpack(hosts))
		local n = redis.pcall('SCARD', key)

		if type(n) == 'number' and n <= FEW_HOSTS then
			return n
		end
		write('DEL', key)
	end
end

local function take_hosts()
	local hosts = {}

	for i = 1, number() do
		hosts[i] = take()
	end
	return hosts
end

-- p: name of a HyperLogLog, a key for a moment, the string, its hosts if they are few; then buckets that it is united
-- with
function operation.p()
	local name, scratch, string_of, hosts = take(), KEYS[number()], take(), take_hosts()
	local ready = false

	for _ = 1, number() do
		local set = take_sketches()
		local key, few = sketch_key(set, name), few_key(set, name)
		local bytes = redis.call('STRLEN', key)
		local n = add_hosts(few, hosts, bytes == 0)

		if bytes == 0 then
			write('SET', key, string_of)
		else
			unite(key, bytes, scratch, string_of, ready)
			ready = true
		end
		if n then
			expire(few, set.ends, set.lives)
		end
		n = n or redis.pcall('PFCOUNT', key)
		if type(n) == 'number' then
			write('ZADD', set.names, n, name)
			expire(key, set.ends, set.lives)
			cut_sketches(set)
			expire(set.names, set.ends, set.lives)
		end
	end
	if ready then
		write('DEL', scratch)
	end
end

-- Publishes numbers of different sources. What stands there is only raised: a late part of a closed bucket may come
-- when the HyperLogLog that counted the others is gone. Returns the names of which that is so. One that is there may be
-- a little lower itself, once the hosts that were counted are gone.
local function publish_unique(unique, list)
	local names, command, lower = {}, {'HSET', unique}, {}

	for i = 1, #list, 2 do
		names[#names + 1] = list[i]
	end
	if #names == 0 then
		return lower
	end
	local found = redis.call('HMGET', unique, unpack(names))
	for i = 1, #names do
		local before, now = tonumber(found[i] or '0') or 0, tonumber(list[2 * i])

		command[#command + 1] = names[i]
		command[#command + 1] = string.format('%.0f', math.max(before, now))
		if before > now + 3 + now / 50 then
			lower[#lower + 1] = names[i]
		end
	end
	write(unpack(command))
	return lower
end

-- Bytes that are allocated for so many: jemalloc's classes, in steps of 16 up to 128, then four in each power of two.
local function allocated(bytes)
	local _, exponent = math.frexp(bytes - 1)
	local step = bytes <= 128 and 16 or 2 ^ (exponent - 3)

	return math.ceil(bytes / step) * step
end

-- Memory that a HyperLogLog of so many hosts takes at most. In sparse form it has a byte for each register that is not
-- empty, which are never more than the hosts that it counts; between them runs of empty ones, of a byte each, and of
-- two if they are longer than 64, which no more than 252 can be.
local function place_of(set, name, hosts)
	local bytes = 16 + hosts + (hosts + 1) + math.min(hosts + 1, 252)

	if hosts > SPARSE_HOSTS then
		return DENSE_ROOM
	end
	return allocated(bytes + 6) + allocated(#sketch_key(set, name) + 6) + allocated(#name + 6) + PLACE_BYTES
end

-- How many of the largest have room where `bound` dense ones have, and how much room is left beside these.
local function most_with_room(set)
	local left, n = set.bound * DENSE_ROOM, 0

	repeat
		local page = redis.call('ZRANGE', set.names, n, n + NAMES_AT_ONCE - 1, 'REV', 'WITHSCORES')

		for i = 1, #page, 2 do
			local place = place_of(set, page[i], tonumber(page[i + 1]))

			if place > left then
				return n, left
			end
			left = left - place
			n = n + 1
		end
	until #page < 2 * NAMES_AT_ONCE
	return n, left
end

-- Hosts of the few have what room the HyperLogLogs of a closed bucket leave: from the largest on each that fits stays.
-- Deletes others, NAMES_AT_ONCE at most. Returns how many.
local function delete_few(set, left)
	local from, deleted = 0, 0

	repeat
		local page = redis.call('ZRANGE', set.names, from, from + NAMES_AT_ONCE - 1, 'REV', 'WITHSCORES')

		for i = 1, #page, 2 do
			local key = tonumber(page[i + 1]) <= FEW_HOSTS and few_key(set, page[i])
			local hosts = key and redis.pcall('SCARD', key)
			local place = type(hosts) == 'number' and hosts > 0 and
				allocated(8 + 4 * hosts) + allocated(#key + 6) + FEW_BYTES

			if place and place > left then
				write('DEL', key)
				deleted = deleted + 1
			elseif place then
				left = left - place
			end
			if deleted == NAMES_AT_ONCE then
				return deleted
			end
		end
		from = from + NAMES_AT_ONCE
	until #page < 2 * NAMES_AT_ONCE
	return deleted
end

-- Deletes what has no room, after its number was published: the smallest HyperLogLogs, or if all of them have room,
-- hosts. Returns how much work it was; more than NAMES_AT_ONCE: there is more to do.
local function make_room(set, unique)
	local n, left = most_with_room(set)
	local over = redis.call('ZCARD', set.names) - n

	if over == 0 then
		renew({key = set.names, ends = set.ends, lives = set.lives}, false)
		local deleted = delete_few(set, left)
		return deleted < NAMES_AT_ONCE and deleted or NAMES_AT_ONCE + 1
	end
	local list = redis.call('ZRANGE', set.names, 0, math.min(over, NAMES_AT_ONCE) - 1, 'WITHSCORES')

	publish_unique(unique, list)
	for i = 1, #list, 2 do
		delete_sketch(set, list[i])
	end
	if over <= NAMES_AT_ONCE then
		renew({key = set.names, ends = set.ends, lives = set.lives}, true)
	end
	return NAMES_AT_ONCE + 1
end

-- Four registers of six bits, which are three bytes, as four characters: '\0' for an empty one, of others what stands
-- for one register of that value in the sparse form (1vvvvv00). That form knows no value above 32; one source in four
-- thousand million has one, and no number changes by it.
local four_registers = setmetatable({}, {__index = function(known, three)
	local a, b, c = string.byte(three, 1, 3)
	local value = {a % 64, math.floor(a / 64) + b % 16 * 4, math.floor(b / 16) + c % 4 * 16, math.floor(c / 4)}

	for i = 1, 4 do
		value[i] = value[i] == 0 and 0 or 128 + 4 * (math.min(value[i], SPARSE_VALUE_MAX) - 1)
	end
	known[three] = string.char(unpack(value))
	return known[three]
end})

-- A run of empty registers: 00llllll up to 64 of them, 01llllll llllllll for more.
local function empty_registers(run)
	local n = #run - 1

	return n < 64 and string.char(n) or string.char(64 + math.floor(n / 256), n % 256)
end

-- A dense HyperLogLog in sparse form, the number that was counted included. Redis has no command for that; it reads the
-- sparse form whatever its length and whatever `hll-sparse-max-bytes` is, which only rules writing.
local function sparse_form(dense)
	local registers = string.gsub(string.sub(dense, 17), '...', four_registers)

	registers = string.gsub(registers, '%z+', empty_registers)
	return string.sub(dense, 1, 4) .. '\1' .. string.sub(dense, 6, 16) .. registers
end

-- Writes a HyperLogLog anew, in sparse form if that is small, and without the room to grow that it has. Returns how
-- much work it was.
local function write_small(key, hosts)
	local string_of = hosts <= SPARSE_HOSTS and redis.pcall('GET', key)
	local is_dense = type(string_of) == 'string' and #string_of == DENSE_BYTES and string.byte(string_of, 5) == 0

	if type(string_of) == 'string' then
		write('SET', key, is_dense and sparse_form(string_of) or string_of, 'KEEPTTL')
	end
	return is_dense and DENSE_WORK or 1
end

-- u: HyperLogLogs of a closed bucket, hash of their numbers, and how many of the largest were done by calls before. The
-- smallest are deleted after they were counted, until the others have room; these are written anew, a few in each call.
-- What is left over is said in `unfinished`: one more than are done.
function operation.u()
	local set, unique, done = take_sketches(), KEYS[number()], number()

	if unfinished ~= '0' then
		return
	end
	local work, n = done == 0 and set.bound > 0 and make_room(set, unique) or 0, 0
	if work > NAMES_AT_ONCE then
		unfinished = '1'
	else
		local list = redis.call('ZRANGE', set.names, done, done + NAMES_AT_ONCE - 1, 'REV', 'WITHSCORES')

		while n < #list / 2 and work < NAMES_AT_ONCE do
			work = work + write_small(sketch_key(set, list[2 * n + 1]), tonumber(list[2 * n + 2]))
			n = n + 1
		end
		-- One that has only what came late would be taken for all.
		local late = publish_unique(unique, {unpack(list, 1, 2 * n)})
		for _, name in ipairs(late) do
			delete_sketch(set, name)
		end
		if n == NAMES_AT_ONCE or n < #list / 2 then
			unfinished = tostring(done + n - #late + 1)
		end
	end
	expire(unique, set.ends, set.totals_lives)
end

-- Names of at most so many numbers of different sources that do not stay if `bound` do. A name is of the kind that it
-- begins with: what stands before its last part, as in "sig:X:region:JP". Each kind has an equal share of the places for
-- its largest, and the largest of all the others get what is left; "sources" or "sig:X" always stay.
local function small_numbers(all, bound, most)
	local kinds, n, places, others, packets = {}, 0, bound, {}, {}

	for i = 1, #all, 2 do
		local kind = string.match(all[i], '^(.+:.+):')

		packets[all[i]] = tonumber(all[i + 1]) or 0
		if not kind then
			places = places - 1
		else
			if not kinds[kind] then
				kinds[kind], n = {}, n + 1
			end
			table.insert(kinds[kind], {name = all[i], packets = packets[all[i]]})
		end
	end
	local share = math.max(0, math.floor(places / math.max(1, n)))
	for _, list in pairs(kinds) do
		for _, name in ipairs(#list > share and lightest_of(list, #list - share) or {}) do
			others[#others + 1] = {name = name, packets = packets[name]}
		end
	end
	return lightest_of(others, math.min(#all / 2 - bound, #others, most))
end

-- f: numbers of different sources of an old bucket, its totals, how many stay
function operation.f()
	local hash, totals, bound = {key = KEYS[number()], ends = 0, lives = 0}, KEYS[number()], number()
	local fields = redis.call('HLEN', hash.key)
	local small = {}

	if unfinished ~= '0' then
		return
	end
	if bound > 0 and fields > bound then
		small = small_numbers(redis.call('HGETALL', hash.key), bound, MOST_FIELDS)
	end
	if #small > 0 then
		write('HDEL', hash.key, unpack(small))
		add(totals, {'rest.unique'}, {tostring(#small)})
		unfinished = #small == MOST_FIELDS and '1' or '0'
	end
	renew_hash(hash, #small > 0)
end

while at <= #ARGV do
	operation[take()]()
end
return {'ok', tostring(failed), first_error, unfinished, ARGV[2]}
