-- SPDX-License-Identifier: BSD-3-Clause
--
-- Applies a part of a snapshot, or nothing. It runs on the server, alone, so its steps are one step to everybody
-- else.
--
-- KEYS[1] is the cursor, KEYS[2] the hash `info`; the operations name the others by their number.
-- ARGV[1] is the cursor that the caller expects ('' for none, '?' to read the state), ARGV[2] the one to leave,
-- ARGV[3] one letter per key with the type that it must have if it exists. From ARGV[4] on: operations, each a
-- letter and its operands. Those of tables are here, those of sources in script_sources.lua and those of numbers of
-- different sources in script_sketches.lua; they are joined to this file.
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
-- Replies: {'ok', failed writes, first error, unfinished, ARGV[2]}, {'done', ARGV[2]} if the cursor is already the new
-- one, {'fenced', cursor} if it is neither, {'type', key, its type, the type it should have}, {'state', cursor, fields
-- of info...}, or instead of it {'denied', a command that the user may not run}. `unfinished` is '0', or trimming is to
-- be called again: with one less than this number of HyperLogLogs done.

local TYPES = {s = 'string', h = 'hash', z = 'zset', x = 'stream', u = 'set'}
-- All that is called below, with all arguments, k for a key: Redis 7.0 dies of some that have too few.
local NEEDED = {'TYPE k', 'GET k', 'SET k v', 'DEL k', 'EXISTS k', 'TIME', 'HGET k f', 'HMGET k f', 'HSET k f v', 'HDEL k f', 'HLEN k',
	'HGETALL k', 'ZMSCORE k m', 'ZADD k 1 m', 'ZCARD k', 'ZRANGE k 0 1', 'ZREM k m', 'ZRANGESTORE k k 0 1', 'ZUNIONSTORE k 1 k',
	'OBJECT ENCODING k', 'EXPIREAT k 1', 'PTTL k', 'PEXPIRE k 1', 'XADD k * f v', 'XINFO STREAM k', 'SMEMBERS k', 'SADD k m', 'PFCOUNT k',
	'PFMERGE k k', 'SCARD k', 'STRLEN k', 'GETRANGE k 0 1', 'COPY k k', 'RENAME k k'}
local POPPED_AT_ONCE = 600 -- keeps a call in the range of milliseconds
local CATCH_UP = 100 -- beyond what was added: a set that is over a bound that was lowered gets there in time
local COMPACT_MEMBERS = 128 -- zset-max-listpack-entries, as shipped

-- A user who may not run one of these would stop the script half-way. Redis 6.2 cannot tell.
local function first_denied()
	for _, command in ipairs(redis.acl_check_cmd and NEEDED or {}) do
		local words = {}

		for word in string.gmatch(command, '%S+') do
			words[#words + 1] = word == 'k' and KEYS[1] or word
		end
		if not redis.acl_check_cmd(unpack(words)) then
			return (string.gsub(command, ' %l.*', ''))
		end
	end
end

local denied = ARGV[1] == '?' and first_denied()

if denied then
	return {'denied', denied}
end

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
	return cursor == ARGV[2] and {'done', ARGV[2]} or {'fenced', cursor}
end

redis.call('SET', KEYS[1], ARGV[2])

local now = tonumber(redis.call('TIME')[1])
local at, failed, first_error, unfinished = 4, 0, '', '0'
local regions = 1
local keeps_lives = false -- an old bucket is cut: what stays of it lives as long as it would have

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
	if lives > 0 and not keeps_lives then
		write('EXPIREAT', key, string.format('%.0f', math.max(ends, now) + lives))
	end
end

-- What a key has left to live before it is written anew, which takes its lifetime away; and how it gets it again.
local function life_left(key)
	return keeps_lives and redis.call('PTTL', key) or 0
end

local function live_on(key, left, ends, lives)
	if left > 0 then
		write('PEXPIRE', key, left)
	end
	expire(key, ends, lives)
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
	local left = life_left(set.key)
	write('ZUNIONSTORE', set.key, 1, set.key)
	live_on(set.key, left, set.ends, set.lives)
	return members / 2
end

-- A bound is a number, or two: of a region, and of all of them together, of which each may have an equal share.
local function take_bound()
	local each, all = string.match(take(), '^(%d+)/?(%d*)$')

	if all == '' then
		return tonumber(each)
	end
	local share = math.max(1, math.floor(tonumber(all) / regions))
	return each == '0' and share or math.min(tonumber(each), share)
end

local function take_set()
	return {key = KEYS[number()], totals = KEYS[number()], rest = take(), bound = take_bound(), ends = number(),
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
	local pops = cut(set, #members + CATCH_UP)
	if pops > 0 and not set.who then -- members that are there may have lost what they had before
		add(set.totals, {(string.gsub(set.rest, '^rest', 'cut_open'))}, {string.format('%.0f', pops)})
	end
	expire(set.key, set.ends, set.lives)
	return found
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

-- Trims one set. Returns how many members more may be removed in this call.
local function trim(set, left)
	local pops, over = cut(set, left)

	if pops < over then
		unfinished = '1'
		return left - pops
	end
	return left - pops - renew(set, pops > 0)
end

-- a: totals of a bucket that was closed long ago. Without them there is nothing left to cut.
function operation.a()
	if redis.call('EXISTS', KEYS[number()]) == 0 then
		at = #ARGV + 1
	end
	keeps_lives = true
end

-- r: the set whose members are the day's regions
function operation.r()
	regions = math.max(1, redis.call('ZCARD', KEYS[number()]))
end

-- t: sets to trim
function operation.t()
	local left = POPPED_AT_ONCE

	for _ = 1, number() do
		left = trim(take_set(), left)
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

-- e: hashes, the beginning of two fields' names, a moment: the oldest and the newest so far
function operation.e()
	local hashes = {}

	for i = 1, number() do
		hashes[i] = KEYS[number()]
	end
	local oldest = take()
	local newest, moment = oldest .. '.newest', take()
	oldest = oldest .. '.oldest'
	for _, key in ipairs(hashes) do
		local found = redis.call('HMGET', key, oldest, newest)
		local from, to = tonumber(found[1] or moment) or tonumber(moment), tonumber(found[2] or moment) or tonumber(moment)

		write('HSET', key, oldest, string.format('%.0f', math.min(from, moment)), newest,
			string.format('%.0f', math.max(to, moment)))
	end
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
