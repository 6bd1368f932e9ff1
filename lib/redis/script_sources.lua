-- SPDX-License-Identifier: BSD-3-Clause
--
-- The second part of script.lua: operations for sources, signatures and organisations.
--
-- They are as safe to repeat as the others, and as little a matter of chance: with the same keys as they were, the same
-- call writes the same values.

local COMPACT_FIELDS = 512 -- hash-max-listpack-entries, as shipped
local COPIED_FIELDS = 50000
local COPIED_AT_ONCE = 2000 -- fields that pass through this script
local MOST_FIELDS = 4000 -- fields removed from a hash in one call
local READ_AT_ONCE = 3000 -- fields of growing hashes read in one call to find the lightest
local fields_read = 0

-- Names of the `n` lightest of a list, those of equal weight by name. Sorting numbers and names apart is several times
-- as fast as with a function that compares.
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

-- Removes the lightest fields "region:..." or "port:..." of a signature until `bound` are left. Returns whether it did.
local function cut_group(hash, all, group, bound)
	local list, weight, command, packets = {}, {}, {'HDEL', hash.key}, 0

	for i = 1, bound > 0 and #all or 0, 2 do
		local n = tonumber(all[i + 1])

		if n and string.sub(all[i], 1, #group + 1) == group .. ':' then
			list[#list + 1] = {name = all[i], packets = n}
			weight[all[i]] = n
		end
	end
	if bound == 0 or #list <= bound then
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
-- until it is `slack` times over, and to the next call if this one has read enough. Returns whether it was cut.
local function cut_hash(hash, slack)
	local least = hash.ports

	if hash.regions > 0 and (least == 0 or hash.regions < least) then
		least = hash.regions
	end
	local length = redis.call('HLEN', hash.key)

	if least == 0 or length <= least * slack or fields_read > READ_AT_ONCE then
		return false
	end
	fields_read = fields_read + length
	local all = redis.call('HGETALL', hash.key)
	local regions = cut_group(hash, all, 'region', hash.regions)
	local ports = cut_group(hash, all, 'port', hash.ports)
	return regions or ports
end

-- A hash that was large stays a table of pointers, and as large as it was; written anew it takes what it needs, and a
-- small one has the compact form.
local function renew_hash(hash, was_cut)
	local fields = redis.call('HLEN', hash.key)

	if fields == 0 or fields > (was_cut and COPIED_AT_ONCE or COMPACT_FIELDS) or
		redis.call('OBJECT', 'ENCODING', hash.key) ~= 'hashtable' then
		return
	end
	local all, left = redis.call('HGETALL', hash.key), life_left(hash.key)

	write('DEL', hash.key)
	write('HSET', hash.key, unpack(all))
	live_on(hash.key, left, hash.ends, hash.lives)
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

-- Cuts sets to a bound for all of them together. Of each only the lightest are read, so nothing that is heavier than
-- the lightest of the last ones that were read may be removed yet.
local function cut_together(sets, bound)
	local over, limit, offers, by_name = -bound, math.huge, {}, {}
	local each = math.max(4, math.floor(POPPED_AT_ONCE / #sets))

	for _, set in ipairs(sets) do
		local members = redis.call('ZCARD', set.key)
		local lightest = redis.call('ZRANGE', set.key, 0, each - 1, 'WITHSCORES')

		over = over + members
		set.lightest = {}
		for i = 1, #lightest, 2 do
			local name = lightest[i] .. ' ' .. set.key

			by_name[name] = {set = set, name = name, member = lightest[i], packets = tonumber(lightest[i + 1])}
			offers[#offers + 1] = by_name[name]
		end
		if members > each then
			limit = math.min(limit, offers[#offers].packets)
		end
	end
	if bound == 0 or over <= 0 then
		return
	end
	for _, name in ipairs(lightest_of(offers, math.min(over, #offers, POPPED_AT_ONCE))) do
		local offer = by_name[name]

		if offer.packets <= limit then
			over = over - 1
			table.insert(offer.set.lightest, offer.member)
			table.insert(offer.set.lightest, offer.packets)
		end
	end
	for _, set in ipairs(sets) do
		if #set.lightest > 0 then
			remove(set, set.lightest)
		end
	end
	unfinished = over > 0 and '1' or unfinished
end

local function is_a(key, wanted)
	return redis.call('TYPE', key).ok == wanted
end

-- How many members each of a number of sets may have, so that all together have no more than `all`: an equal share, and
-- what small ones leave of theirs. And how many of the larger sets may have one more. Sets that were cut by that already
-- change neither.
local function share_of(all, sizes)
	table.sort(sizes)
	for i, size in ipairs(sizes) do
		local share = math.floor(all / (#sizes - i + 1))

		if size > share then
			return math.max(1, share), share > 0 and all % (#sizes - i + 1) or 0
		end
		all = all - size
	end
	return math.huge, 0
end

-- The bound of a region's set, with its share in that of all regions.
local function bound_of(set)
	local row, share = set.row, set.row.share or math.huge

	if set.members > share and row.more > 0 then
		share, row.more = share + 1, row.more - 1
	end
	return row.bound > 0 and math.min(row.bound, share) or share < math.huge and share or 0
end

-- c: names of a closed bucket's signatures and sets of regions, their totals, end and lifetime; bounds of a signature's
-- regions and ports; the hash of AS numbers or 0; a key for a moment; kinds of sets, each with its bound, the bound of
-- all together of which the heaviest stay, or the one that is shared out, lifetime, and kind of the set that shares the
-- addresses or ''
function operation.c()
	local names, totals, ends, lives = KEYS[number()], KEYS[number()], number(), number()
	local regions, ports, who_at, scratch = number(), number(), number(), KEYS[number()]
	local base, kinds, left, sets, together, signatures = string.sub(names, 1, -6), {}, POPPED_AT_ONCE, {}, {}, {}
	local members = unfinished == '0' and redis.call('SMEMBERS', names) or {}

	for _ = 1, number() do
		kinds[take()] = {bound = number(), together = number(), shared = number(), lives = number(), sibling = take(), sizes = {}}
	end
	if unfinished == '1' then -- the tables' sets come first, the rest is looked at when they are done
		return
	end
	table.sort(members)
	for _, name in ipairs(members) do
		local kind, part = string.match(name, '^([a-z_]+):(.*)$')
		local row, key = kinds[kind], base .. name

		if row and is_a(key, 'zset') then
			local set = {key = key, totals = totals, rest = 'rest.' .. kind, row = row, members = redis.call('ZCARD', key),
				ends = ends, lives = row.lives, totals_lives = lives}

			if row.sibling ~= '' and who_at > 0 then
				set.who, set.sibling = KEYS[who_at], base .. row.sibling .. ':' .. part
			end
			sets[#sets + 1] = set
			row.sizes[#row.sizes + 1] = set.members
			if row.together > 0 then
				together[row.together] = together[row.together] or {}
				table.insert(together[row.together], set)
			end
		elseif kind == 'sig' and is_a(key, 'hash') then
			signatures[#signatures + 1] =
				{key = key, totals = totals, ends = ends, lives = lives, regions = regions, ports = ports}
		end
	end
	for _, row in pairs(kinds) do
		if row.shared > 0 then
			row.share, row.more = share_of(row.shared, row.sizes)
		end
	end
	for _, set in ipairs(sets) do
		set.bound = bound_of(set)
		left = trim(set, left)
	end
	for bound, all in pairs(unfinished == '0' and together or {}) do
		cut_together(all, bound)
	end
	for _, hash in ipairs(unfinished == '0' and signatures or {}) do
		if unfinished == '0' and cut_hash(hash, 1) then
			renew_hash(hash, true)
			unfinished = '1' -- one a call: all of it was read
		elseif unfinished == '0' then
			renew_hash(hash)
		end
	end
	if unfinished == '0' and who_at > 0 and redis.call('HLEN', KEYS[who_at]) <= COPIED_FIELDS then
		-- After removing most of its fields its table of pointers is as large as before; the copy has one that fits.
		if redis.call('COPY', KEYS[who_at], scratch, 'REPLACE') == 1 then
			write('RENAME', scratch, KEYS[who_at])
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
