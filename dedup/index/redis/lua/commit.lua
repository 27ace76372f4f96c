-- Write what was decided elsewhere, if nothing that was read has changed. ARGV: the time, then
-- steps, each a letter and its arguments; those that look come before those that write:
--   B key numbers          the bucket of a key is still this
--   R number               an article is still there
--   M group last numbers   the first members of a group are still these
--   D number keys          take an article away
--   A group leads keys when record   append one; an empty group is its own, p00000001 that
--                                    of the first that was appended here
--   C name change          count
-- Returns 1, or 0 where something has changed and nothing was written.
local at, groups = 2, {}

local function take()
  at = at + 1
  return ARGV[at - 1]
end

local function discard(packed, keys)
  local row = redis.call('HGET', DOCS, packed)
  redis.call('HDEL', DOCS, packed)
  if byte(row, ROW) == 0 then
    redis.call('ZREM', KEY .. ':m:' .. sub(row, 5, 8), packed)
  end
  each_key(keys, unpost, (unpack_('>I4', packed)))
end

local function keep(group, leads, keys, when, record)
  if #group > 4 then group = groups[tonumber(sub(group, 2))] end
  local packed = append(record, tonumber(when), keys, group ~= '' and group or nil, leads == '1')
  groups[#groups + 1] = group ~= '' and group or packed
end

if is_full() then return redis.error_reply('DEDUPFULL the index is full') end
while at <= #ARGV do
  local step = take()
  local holds = true
  if step == 'B' then
    local key, numbers = take(), take()
    holds = joined((bucket(key))) == numbers
  elseif step == 'R' then
    holds = redis.call('HEXISTS', DOCS, take()) == 1
  elseif step == 'M' then
    local group, last, numbers = take(), take(), take()
    holds = table.concat(redis.call('ZRANGE', KEY .. ':m:' .. group, 0, last)) == numbers
  elseif step == 'D' then
    local packed, keys = take(), take()
    discard(packed, keys)
  elseif step == 'A' then
    local group, leads, keys, when, record = take(), take(), take(), take(), take()
    keep(group, leads, keys, when, record)
  else
    local name, change = take(), take()
    redis.call('HINCRBY', STATE, name, change)
  end
  if not holds then return 0 end
end
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', STATE, 'latest') or 0) then
  redis.call('HSET', STATE, 'latest', ARGV[1])
end
return 1
