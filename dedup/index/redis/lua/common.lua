-- What all scripts share. In front of it stand the settings of the index as local constants:
-- SETTINGS, P (values a signature), SIZE, THRESHOLD, REMOVABLE, WINDOW, ACROSS, WITHIN, TEXTS,
-- EXACT and NEAR (the numbers of relations that count, or false), BUCKET, CANDIDATES.
--
-- KEYS[1]       the settings; the other keys begin with it
--   :docs       hash: number -> seal (4), group (4), leads (1), packed record
--   :state      hash: next, latest, and what is counted
--   :p:<2>      postings of the keys that begin with these two bytes, 7 bytes each:
--               the other three bytes of the key, the number; all 255 where one was removed
--   :slots      bitmap: which of those there are
--   :full       set: keys that had more articles than a bucket holds
--   :m:<group>  sorted set: members of a group besides the representative
--   :t:<day>    numbers of the articles of a day, 4 bytes each; :days, a sorted set of those days
-- Numbers are four bytes, big-endian. Strings are only ever compared for being equal: their order
-- would hang on the server's locale.
local KEY = KEYS[1]
local DOCS, STATE, DAYS = KEY .. ':docs', KEY .. ':state', KEY .. ':days'
local ENTRY, ROW, HEAD = 7, 9, 45
local FREE, MOST = string.rep('\255', 7), 4294967294
local BITS = {[0] = 0, 1, 1, 2, 1, 2, 2, 3}
local FRESH = string.rep('\0', 7)
local NO_DATE = string.rep('\0', 7) .. '\128'
local sub, find, byte, floor = string.sub, string.find, string.byte, math.floor
local pack, unpack_ = struct.pack, struct.unpack

if redis.call('GET', KEY) ~= SETTINGS then
  return redis.error_reply('DEDUPGONE the index is not there any more')
end

local slots = {}

local function slot(key)
  local name = KEY .. ':p:' .. sub(key, 1, 2)
  local data = slots[name]
  if not data then
    data = redis.call('GET', name) or ''
    slots[name] = data
  end
  return name, data
end

-- Return the next place of a string that begins an entry there (offset 0) or its number (3).
local function aligned(data, what, at, offset)
  while true do
    at = find(data, what, at, true)
    if not at then return nil end
    local over = (at - 1 - offset) % ENTRY
    if over == 0 then return at end
    at = at + ENTRY - over
  end
end

-- Return the numbers and places of a key, in order.
local function bucket(key)
  local _, data = slot(key)
  local rest, found, places = sub(key, 3, 5), {}, {}
  local at = aligned(data, rest, 1, 0)
  while at do
    local number = unpack_('>I4', data, at + 3)
    if number <= MOST then
      found[#found + 1] = number
      places[number] = at
    end
    at = aligned(data, rest, at + ENTRY, 0)
  end
  if #found > 1 then table.sort(found) end
  return found, places
end

local function joined(numbers)
  local parts = {}
  for place, number in ipairs(numbers) do parts[place] = pack('>I4', number) end
  return table.concat(parts)
end

local function post(key, number)
  local found, places = bucket(key)
  local name, data = slot(key)
  local entry = sub(key, 3, 5) .. pack('>I4', number)
  local at
  if #found >= BUCKET then
    at = places[found[1]]
    redis.call('SADD', KEY .. ':full', key)
  else
    at = aligned(data, FREE, 1, 0)
  end
  if at then
    redis.call('SETRANGE', name, at - 1, entry)
  else
    redis.call('APPEND', name, entry)
    if data == '' then
      redis.call('SETBIT', KEY .. ':slots', unpack_('>I2', key), 1)
    end
  end
  slots[name] = nil
end

local function unpost(key, number)
  local _, places = bucket(key)
  local name = slot(key)
  if places[number] then
    redis.call('SETRANGE', name, places[number] - 1, FREE)
    slots[name] = nil
  end
end

local function each_key(keys, call, number)
  for at = 1, #keys, 5 do call(sub(keys, at, at + 4), number) end
end

-- Return a packed record taken apart, as far as decisions need it.
local function parse(data, at)
  local it = {}
  it.count, it.digest, it.sums, it.date, it.seen = select(2, unpack_('<I1I4c8c16c8c8', data, at))
  it.signature = at + HEAD
  local here = it.signature + 2 * P
  local mask, other, cluster = select(3, unpack_('<BBBHH', data, here))
  here = here + 7 + 8 * BITS[mask % 8] + other
  it.cluster = sub(data, here, here + cluster - 1)
  here = here + cluster
  if mask >= 8 then here = here + 4 + unpack_('<I4', data, here) end
  it.tail = here
  local size = unpack_('<H', data, here)
  it.name = sub(data, here + 2, here + 1 + size)
  here = here + 2 + size
  size = unpack_('<H', data, here)
  it.site = sub(data, here + 2, here + 1 + size)
  it.when = unpack_('<i8', it.date == NO_DATE and it.seen or it.date)
  return it
end

local function rows(numbers)
  if #numbers == 0 then return {} end
  local names = {}
  for place, number in ipairs(numbers) do names[place] = pack('>I4', number) end
  return redis.call('HMGET', DOCS, unpack(names))
end

-- Keep a record under the next number; without a group it begins one.
local function append(record, when, keys, group, leads)
  local number = redis.call('HINCRBY', STATE, 'next', 1)
  local packed = pack('>I4', number)
  local meta = (group or packed) .. (leads and '\1' or '\0')
  local sum = redis.sha1hex(packed .. meta .. record)
  local seal = ''
  for at = 1, 8, 2 do seal = seal .. string.char(tonumber(sub(sum, at, at + 1), 16)) end
  redis.call('HSET', DOCS, packed, seal .. meta .. record)
  if group and not leads then
    redis.call('ZADD', KEY .. ':m:' .. group, number, packed)
  end
  local day = string.format('%d', floor(when / 86400))
  if redis.call('APPEND', KEY .. ':t:' .. day, packed) == 4 then
    redis.call('ZADD', DAYS, day, day)
  end
  each_key(keys, post, number)
  return packed
end

local function is_full()
  return tonumber(redis.call('HGET', STATE, 'next') or 0) >= MOST
end
