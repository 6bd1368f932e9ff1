-- SPDX-License-Identifier: BSD-3-Clause
--
-- Applies a part of a snapshot, or nothing. It runs on the server, alone, so its steps are one step to everybody
-- else.
--
-- KEYS[1] is the cursor, KEYS[2] the hash `info`; the operations name the others by their number.
-- ARGV[1] is the cursor that the caller expects ('' for none, '?' to read the state), ARGV[2] the one to leave,
-- ARGV[3] one letter per key with the type that it must have if it exists. From ARGV[4] on: operations, each a
-- letter and its operands.
--
-- A script that fails half-way is not rolled back. So everything that can be wrong is looked at before the first
-- write, that first write is the cursor, and a number that cannot be added to after all (somebody replaced it by a
-- text) is counted and reported, and does not stop the others.
--
-- What is written are sums, never increments. Redis 7.0 that was killed while it appended to its AOF cuts the torn
-- command off at the next start but leaves the torn transaction open (loadSingleAppendOnlyFile), and at the start
-- after that executes what is left of it together with the next one, which is our repetition: a sum is right also
-- when it is written twice.
--
-- Replies: {'ok', failed writes, first error, '1' if trimming is not finished}, {'done'} if the cursor is already
-- the new one, {'fenced', cursor} if it is neither, {'type', key, its type, the type it should have},
-- {'state', cursor, fields of info...}.

local TYPES = {s = 'string', h = 'hash', z = 'zset', x = 'stream', u = 'set'}
local POPPED_AT_ONCE = 1000 -- keeps a call in the range of milliseconds
local CATCH_UP = 100 -- beyond what was added: a set that is over a bound that was lowered gets there in time
local COMPACT_MEMBERS = 128 -- zset-max-listpack-entries, as shipped
local COMPACT_FIELDS = 512 -- hash-max-listpack-entries, as shipped
local MOST_FIELDS = 4000 -- fields removed from a hash in one call
-- Each register that is written into a HyperLogLog in sparse form walks that form from its beginning (hllSparseSet), so
-- one of 3,000 bytes costs milliseconds. Above so many bytes it gets the dense form.
local SPARSE_BYTES = 700
local NAMES_AT_ONCE = 300 -- HyperLogLogs deleted in one call

for i = 1, #KEYS do
	local wanted = TYPES[string.sub(ARGV[3], i, i)]
	local found = redis.call('TYPE', KEYS[i]).ok

	if found ~= 'none' and found ~= wanted then
		return {'type', KEYS[i], found, wanted}
	end
end

local cursor = redis.call('GET', KEYS[1]) or ''

if ARGV[1] == '?' then
	local state = {'state', cursor}

	for i = 4, #ARGV do
		state[#state + 1] = redis.call('HGET', KEYS[2], ARGV[i]) or ''
	end
	return state
end
if cursor ~= ARGV[1] then
	return cursor == ARGV[2] and {'done'} or {'fenced', cursor}
end

redis.call('SET', KEYS[1], ARGV[2])

local now = tonumber(redis.call('TIME')[1])
local at, failed, first_error, unfinished = 4, 0, '', '0'

local function take()
	at = at + 1
	return ARGV[at - 1]
end

local function number()
	return tonumber(take())
end

local function fail(why)
	failed = failed + 1
	first_error = failed == 1 and why or first_error
end

local function write(...)
	local reply = redis.pcall(...)

	if type(reply) == 'table' and reply.err then
		fail(reply.err)
	end
end

-- A lifetime counts from the later of the bucket's end and now: old captures must not vanish at once.
local function expire(key, ends, lives)
	if lives > 0 then
		write('EXPIREAT', key, string.format('%.0f', math.max(ends, now) + lives))
	end
end

-- The sum of two numbers written in digits. Above 2^53 Lua's numbers have gaps, and a quarter of bytes gets there.
local function sum(a, b)
	local total = tonumber(a) + tonumber(b)

	if total < 9007199254740992 then
		return string.format('%.0f', total)
	end
	local low = tonumber(string.sub(a, -15)) + tonumber(string.sub(b, -15))
	local high = (tonumber(string.sub(a, 1, -16)) or 0) + (tonumber(string.sub(b, 1, -16)) or 0)
	if low >= 1e15 then
		low, high = low - 1e15, high + 1
	end
	return string.format('%.0f%015.0f', high, low)
end

-- Adds values to fields of a hash.
local function add(key, fields, values)
	local found = redis.call('HMGET', key, unpack(fields))
	local command = {'HSET', key}

	for i = 1, #fields do
		local old = found[i] or '0'

		if string.find(old, '^%d+$') then
			command[#command + 1] = fields[i]
			command[#command + 1] = sum(old, values[i])
		else
			fail(key .. ' ' .. fields[i] .. ' is not a number')
		end
	end
	if #command > 2 then
		write(unpack(command))
	end
end

-- Forgets the AS of addresses that are in neither of a region's sets any more.
local function forget(set, members)
	local others = redis.call('ZMSCORE', set.sibling, unpack(members))
	local command = {'HDEL', set.who}

	for i = 1, #members do
		if not others[i] then
			command[#command + 1] = members[i]
		end
	end
	if #command > 2 then
		write(unpack(command))
	end
end

-- Removes members, given as they stand in an answer to ZRANGE with scores; their packets stay in the totals.
local function remove(set, lightest)
	local command, members, packets = {'ZREM', set.key}, {}, 0

	for i = 1, #lightest, 2 do
		command[#command + 1] = lightest[i]
		members[#members + 1] = lightest[i]
		packets = packets + tonumber(lightest[i + 1])
	end
	write(unpack(command))
	if set.who then
		forget(set, members)
	end
	add(set.totals, {set.rest}, {string.format('%.0f', packets)})
	expire(set.totals, set.ends, set.totals_lives)
end

-- Removes the lightest members above the bound, at most so many. Returns how many it removed and how many it should
-- have.
local function cut(set, most)
	local over = set.bound > 0 and redis.call('ZCARD', set.key) - set.bound or 0
	local pops = math.floor(math.min(over, most))

	if pops <= 0 then
		return 0, over
	end
	remove(set, redis.call('ZRANGE', set.key, 0, pops - 1, 'WITHSCORES'))
	return pops, over
end

-- A set that was cut keeps the memory it had; one that is written anew takes what it needs, and a small one has the
-- compact form. Returns what that costs, in members popped.
local function renew(set, was_cut)
	local members = redis.call('ZCARD', set.key)
	local is_large_form = members > 0 and redis.call('OBJECT', 'ENCODING', set.key) == 'skiplist'

	if not is_large_form or not (was_cut or members <= COMPACT_MEMBERS) then
		return 0
	end
	write('ZUNIONSTORE', set.key, 1, set.key)
	expire(set.key, set.ends, set.lives)
	return members / 2
end

local function take_set()
	return {key = KEYS[number()], totals = KEYS[number()], rest = take(), bound = number(), ends = number(),
		lives = number(), totals_lives = number()}
end

-- A number of names, each with its value.
local function take_pairs()
	local names, values = {}, {}

	for i = 1, number() do
		names[i] = take()
		values[i] = take()
	end
	return names, values
end

-- Adds packets to members of a set and cuts it. Returns what the members had before.
local function add_to_set(set, members, packets)
	local found = redis.call('ZMSCORE', set.key, unpack(members))
	local command = {'ZADD', set.key}

	for i = 1, #members do
		command[2 * i + 1] = tonumber(found[i] or '0') + tonumber(packets[i])
		command[2 * i + 2] = members[i]
	end
	write(unpack(command))
	cut(set, #members + CATCH_UP)
	expire(set.key, set.ends, set.lives)
	return found
end

-- Names of the `n` lightest of a list, those of equal weight by name. Sorting numbers and names apart is several times as
-- fast as with a function that compares.
local function lightest_of(list, n)
	local packets, names, equal = {}, {}, {}

	for i, field in ipairs(list) do
		packets[i] = field.packets
	end
	table.sort(packets)
	for _, field in ipairs(list) do
		if field.packets < packets[n] then
			names[#names + 1] = field.name
		elseif field.packets == packets[n] then
			equal[#equal + 1] = field.name
		end
	end
	table.sort(equal)
	for i = 1, n - #names do
		names[#names + 1] = equal[i]
	end
	return names
end

-- Removes the lightest fields "region:..." or "port:..." of a signature, if there are more than `limit`, until `bound` are
-- left. Returns whether it did.
local function cut_group(hash, all, group, bound, limit)
	local list, weight, command, packets = {}, {}, {'HDEL', hash.key}, 0

	for i = 1, bound > 0 and #all or 0, 2 do
		local n = tonumber(all[i + 1])

		if n and string.sub(all[i], 1, #group + 1) == group .. ':' then
			list[#list + 1] = {name = all[i], packets = n}
			weight[all[i]] = n
		end
	end
	if bound == 0 or #list <= limit then
		return false
	end
	for _, name in ipairs(lightest_of(list, math.min(#list - bound, MOST_FIELDS))) do
		command[#command + 1] = name
		packets = packets + weight[name]
	end
	packets = string.format('%.0f', packets)
	write(unpack(command))
	add(hash.key, {'rest:' .. group}, {packets})
	if group == 'port' then
		add(hash.totals, {'rest.sig'}, {packets})
		expire(hash.totals, hash.ends, hash.lives)
	end
	return true
end

-- Cuts a signature's hash to its bounds. A hash has no order, so all of it must be read: while it grows that is put off
-- until it is `slack` times over. Returns whether it was cut.
local function cut_hash(hash, slack)
	local least = hash.ports

	if hash.regions > 0 and (least == 0 or hash.regions < least) then
		least = hash.regions
	end
	if least == 0 or redis.call('HLEN', hash.key) <= least * slack then
		return false
	end
	local all = redis.call('HGETALL', hash.key)
	local regions = cut_group(hash, all, 'region', hash.regions, hash.regions * slack)
	local ports = cut_group(hash, all, 'port', hash.ports, hash.ports * slack)
	return regions or ports
end

-- A hash that was large stays a table of pointers; written anew a small one has the compact form.
local function renew_hash(hash)
	if redis.call('HLEN', hash.key) <= COMPACT_FIELDS and redis.call('OBJECT', 'ENCODING', hash.key) == 'hashtable' then
		local all = redis.call('HGETALL', hash.key)

		write('DEL', hash.key)
		write('HSET', hash.key, unpack(all))
		expire(hash.key, hash.ends, hash.lives)
	end
end

local operation = {}

-- z: sets, then members with the packets to add to each set
function operation.z()
	local sets = {}

	for i = 1, number() do
		sets[i] = take_set()
	end
	local members, packets = take_pairs()
	for _, set in ipairs(sets) do
		add_to_set(set, members, packets)
	end
end

-- h: hashes, then fields with what to add to each hash
function operation.h()
	local hashes = {}

	for i = 1, number() do
		hashes[i] = {key = KEYS[number()], ends = number(), lives = number()}
	end
	local fields, values = take_pairs()
	for _, hash in ipairs(hashes) do
		add(hash.key, fields, values)
		expire(hash.key, hash.ends, hash.lives)
	end
end

-- k: a set of names, its end and lifetime, names to put into it
function operation.k()
	local key, ends, lives = KEYS[number()], number(), number()
	local command = {'SADD', key}

	for _ = 1, number() do
		command[#command + 1] = take()
	end
	write(unpack(command))
	expire(key, ends, lives)
end

-- s: a region's set, the hash of AS numbers, the region's other set; then addresses, each with packets and AS
function operation.s()
	local set = take_set()
	local members, packets, asn = {}, {}, {}

	set.who, set.sibling = KEYS[number()], KEYS[number()]
	for i = 1, number() do
		members[i], packets[i], asn[i] = take(), take(), take()
	end
	local found = add_to_set(set, members, packets)
	local kept = redis.call('ZMSCORE', set.key, unpack(members))
	local command = {'HSET', set.who}
	for i = 1, #members do
		if kept[i] and not found[i] then
			command[#command + 1] = members[i]
			command[#command + 1] = asn[i]
		end
	end
	if #command > 2 then
		write(unpack(command))
	end
	expire(set.who, set.ends, set.lives)
end

-- g: hashes of a signature, then fields with what to add to each
function operation.g()
	local hashes = {}

	for i = 1, number() do
		hashes[i] = {key = KEYS[number()], totals = KEYS[number()], ends = number(), lives = number(),
			regions = number(), ports = number(), slack = number()}
	end
	local fields, values = take_pairs()
	for _, hash in ipairs(hashes) do
		add(hash.key, fields, values)
		cut_hash(hash, hash.slack)
		expire(hash.key, hash.ends, hash.lives)
	end
end

local function take_sketches()
	return {names = KEYS[number()], totals = KEYS[number()], bound = number(), ends = number(), lives = number(),
		totals_lives = number()}
end

-- The names' key is that of the strings with "_names" behind it.
local function sketch_key(set, name)
	return string.sub(set.names, 1, -7) .. ':' .. name
end

-- Lets go of the smallest HyperLogLogs of an open bucket.
local function cut_sketches(set)
	local over = set.bound > 0 and redis.call('ZCARD', set.names) - set.bound or 0

	if over <= 0 then
		return
	end
	for _, name in ipairs(redis.call('ZRANGE', set.names, 0, over - 1)) do
		write('DEL', sketch_key(set, name))
		write('ZREM', set.names, name)
	end
	add(set.totals, {'rest.hll'}, {tostring(over)})
	expire(set.totals, set.ends, set.totals_lives)
end

-- Unites a HyperLogLog with one that is given as text.
local function unite(key, scratch, string_of)
	local bytes = redis.call('STRLEN', key) + #string_of
	local is_sparse = string.byte(redis.call('GETRANGE', key, 4, 4)) == 1

	if is_sparse and bytes > SPARSE_BYTES then
		write('SET', scratch, 'HYLL' .. string.rep('\0', 4 + 8 + 12288))
		write('PFMERGE', key, scratch)
	end
	write('SET', scratch, string_of)
	write('PFMERGE', key, scratch)
	write('DEL', scratch)
end

-- p: name of a HyperLogLog, a key for a moment, the string; then buckets that it is united with
function operation.p()
	local name, scratch, string_of = take(), KEYS[number()], take()

	for _ = 1, number() do
		local set = take_sketches()
		local key = sketch_key(set, name)

		if redis.call('EXISTS', key) == 0 then
			write('SET', key, string_of)
		else
			unite(key, scratch, string_of)
		end
		local n = redis.pcall('PFCOUNT', key)
		if type(n) == 'number' then
			write('ZADD', set.names, n, name)
			expire(key, set.ends, set.lives)
			cut_sketches(set)
			expire(set.names, set.ends, set.lives)
		end
	end
end

-- Publishes numbers of different sources. What stands there is only raised: a late part of a closed bucket may come when
-- the HyperLogLog that counted the others is gone.
local function publish_unique(unique, list)
	local names, command = {}, {'HSET', unique}

	for i = 1, #list, 2 do
		names[#names + 1] = list[i]
	end
	if #names == 0 then
		return
	end
	local found = redis.call('HMGET', unique, unpack(names))
	for i = 1, #names do
		command[#command + 1] = names[i]
		command[#command + 1] = string.format('%.0f', math.max(tonumber(found[i] or '0') or 0, tonumber(list[2 * i])))
	end
	write(unpack(command))
end

-- u: HyperLogLogs of a closed bucket, hash of their numbers. The smallest are deleted after they were counted.
function operation.u()
	local set, unique = take_sketches(), KEYS[number()]
	local over = set.bound > 0 and redis.call('ZCARD', set.names) - set.bound or 0
	local pops = math.min(over, NAMES_AT_ONCE)

	if unfinished == '1' then
		return
	end
	if pops > 0 then
		local list = redis.call('ZRANGE', set.names, 0, pops - 1, 'WITHSCORES')

		publish_unique(unique, list)
		for i = 1, #list, 2 do
			write('DEL', sketch_key(set, list[i]))
			write('ZREM', set.names, list[i])
		end
	end
	if pops < over then
		unfinished = '1'
	else
		local rest = redis.call('ZRANGE', set.names, 0, -1, 'WITHSCORES')

		for i = 1, #rest, 2 * NAMES_AT_ONCE do
			publish_unique(unique, {unpack(rest, i, math.min(#rest, i + 2 * NAMES_AT_ONCE - 1))})
		end
	end
	expire(unique, set.ends, set.totals_lives)
end

-- Cuts sets to a bound for all of them together. Of each only the lightest are read, so nothing that is heavier than the
-- lightest last one that was read may be removed yet.
local function cut_together(sets, bound)
	local over, limit, offers = -bound, math.huge, {}
	local each = math.max(8, math.floor(POPPED_AT_ONCE / #sets))

	for _, set in ipairs(sets) do
		local members = redis.call('ZCARD', set.key)
		local lightest = redis.call('ZRANGE', set.key, 0, each - 1, 'WITHSCORES')

		over = over + members
		set.lightest = {}
		for i = 1, #lightest, 2 do
			offers[#offers + 1] = {set = set, name = lightest[i], packets = tonumber(lightest[i + 1])}
		end
		if members > each then
			limit = math.min(limit, offers[#offers].packets)
		end
	end
	if bound == 0 or over <= 0 then
		return
	end
	table.sort(offers, function(a, b)
		if a.packets ~= b.packets then
			return a.packets < b.packets
		end
		if a.name ~= b.name then
			return a.name < b.name
		end
		return a.set.key < b.set.key
	end)
	for i = 1, math.min(over, #offers, POPPED_AT_ONCE) do
		local offer = offers[i]

		if offer.packets > limit then
			break
		end
		over = over - 1
		table.insert(offer.set.lightest, offer.name)
		table.insert(offer.set.lightest, offer.packets)
	end
	for _, set in ipairs(sets) do
		if #set.lightest > 0 then
			remove(set, set.lightest)
		end
	end
	unfinished = over > 0 and '1' or unfinished
end

-- Trims one set. Returns how many members more may be removed in this call.
local function trim(set, left)
	local pops, over = cut(set, left)

	if pops < over then
		unfinished = '1'
		return left - pops
	end
	return left - pops - renew(set, pops > 0)
end

-- t: sets to trim
function operation.t()
	local left = POPPED_AT_ONCE

	for _ = 1, number() do
		left = trim(take_set(), left)
	end
end

local function is_a(key, wanted)
	return redis.call('TYPE', key).ok == wanted
end

-- c: names of a closed bucket's signatures and sets of regions, their totals, end and lifetime; bounds of a signature's
-- regions and ports; the hash of AS numbers or 0; kinds of sets, each with its bound, the bound of all together,
-- lifetime, and kind of the set that shares the addresses or ''
function operation.c()
	local names, totals, ends, lives = KEYS[number()], KEYS[number()], number(), number()
	local regions, ports, who_at = number(), number(), number()
	local base, kinds, left, together, signatures = string.sub(names, 1, -6), {}, POPPED_AT_ONCE, {}, {}
	local members = unfinished == '0' and redis.call('SMEMBERS', names) or {}

	for _ = 1, number() do
		kinds[take()] = {bound = number(), together = number(), lives = number(), sibling = take()}
	end
	if unfinished == '1' then -- the tables' sets come first, the rest is looked at when they are done
		return
	end
	table.sort(members)
	for _, name in ipairs(members) do
		local kind, part = string.match(name, '^([a-z_]+):(.*)$')
		local row, key = kinds[kind], base .. name

		if row and is_a(key, 'zset') then
			local set = {key = key, totals = totals, rest = 'rest.' .. kind, bound = row.bound, ends = ends,
				lives = row.lives, totals_lives = lives}

			if row.sibling ~= '' and who_at > 0 then
				set.who, set.sibling = KEYS[who_at], base .. row.sibling .. ':' .. part
			end
			left = trim(set, left)
			if row.together > 0 then
				together[row.together] = together[row.together] or {}
				table.insert(together[row.together], set)
			end
		elseif kind == 'sig' and is_a(key, 'hash') then
			signatures[#signatures + 1] =
				{key = key, totals = totals, ends = ends, lives = lives, regions = regions, ports = ports}
		end
	end
	for bound, sets in pairs(unfinished == '0' and together or {}) do
		cut_together(sets, bound)
	end
	for _, hash in ipairs(unfinished == '0' and signatures or {}) do
		if unfinished == '0' and cut_hash(hash, 1) then
			unfinished = '1' -- one a call: all of it was read
		elseif unfinished == '0' then
			renew_hash(hash)
		end
	end
end

-- o: a hash, fields and their texts
function operation.o()
	local command = {'HSET', KEYS[number()]}

	for _ = 1, number() do
		command[#command + 1] = take()
		command[#command + 1] = take()
	end
	write(unpack(command))
end

-- i: fields of info and their values; an empty value removes the field
function operation.i()
	for _ = 1, number() do
		local field, value = take(), take()

		if value == '' then
			write('HDEL', KEYS[2], field)
		else
			write('HSET', KEYS[2], field, value)
		end
	end
end

-- Text of a whole number and one more, without Lua's limit of 2^53.
local function next_number(text)
	return sum(text, '1')
end

-- x: stream, greatest length, ID, '1' to take the next one that is free if it is not; then fields with their values
function operation.x()
	local key, most, id, next_free = KEYS[number()], take(), take(), take() == '1'
	local command = {'XADD', key, 'MAXLEN', '~', most, id}
	local reply

	for _ = 1, number() do
		command[#command + 1] = take()
		command[#command + 1] = take()
	end
	reply = redis.pcall(unpack(command))
	if type(reply) == 'table' and next_free and string.find(reply.err, 'equal or smaller', 1, true) then
		local about = redis.call('XINFO', 'STREAM', key)

		for i = 1, #about, 2 do
			local ms, n = string.match(tostring(about[i + 1]), '^(%d+)-(%d+)$')

			if about[i] == 'last-generated-id' and ms then
				command[6] = ms .. '-' .. next_number(n)
			end
		end
		reply = redis.pcall(unpack(command))
	end
	if type(reply) ~= 'table' then
		return
	end
	if string.find(reply.err, 'equal or smaller', 1, true) and not next_free then
		add(KEYS[2], {'live_skipped'}, {'1'})
	else
		fail(reply.err)
	end
end

-- n: start of the interval, greatest rank, then pairs of a set and the one that gets a copy of its heaviest
function operation.n()
	local newest = number() >= tonumber(redis.call('HGET', KEYS[2], 'last') or '0')
	local rank = take()

	for _ = 1, number() do
		local from, to = KEYS[number()], KEYS[number()]

		if newest then
			write('ZRANGESTORE', to, from, 0, rank, 'REV')
		end
	end
end

while at <= #ARGV do
	operation[take()]()
end
return {'ok', tostring(failed), first_error, unfinished}
