-- Decide on articles in their order, and keep them: the rules of deciding.py where they need no
-- text. ARGV: whether to keep, the time, then of each article its keys (5 bytes each) and its
-- packed record. Stops after the first article that the rules have to decide on.
-- Returns of each {1, number, row} for what is there, {2, verdict} for what was decided, or
-- {3, latest, numbers of each key ...}.
local add, latest = ARGV[1] == '1', tonumber(redis.call('HGET', STATE, 'latest') or 0)
if tonumber(ARGV[2]) > latest then
  latest = tonumber(ARGV[2])
  if add then redis.call('HSET', STATE, 'latest', ARGV[2]) end
end
if add and is_full() then return redis.error_reply('DEDUPFULL the index is full') end

local function lanes(data, from)
  local out = {}
  for at = from, from + 2 * P - 1, 256 do
    local part = {byte(data, at, math.min(at + 255, from + 2 * P - 1))}
    for place = 1, #part, 2 do out[#out + 1] = part[place] + 256 * part[place + 1] end
  end
  return out
end

local function likeness(mine, data, from)
  local same, theirs = 0, lanes(data, from)
  for place = 1, P do
    if mine[place] == theirs[place] then same = same + 1 end
  end
  return same / P
end

local function share(mine, theirs, similarity)
  local ours, others = math.max(mine - SIZE + 1, 1), math.max(theirs - SIZE + 1, 1)
  local common = similarity / (1 + similarity) * (ours + others)
  return math.max(math.min(common / ours, 1), similarity)
end

local function may_meet(it, mine)
  return it.name ~= mine.name
    and (WINDOW == 0 or math.abs(mine.when - it.when) <= WINDOW)
    and (not WITHIN or it.site == mine.site)
end

-- Take a match up as the closest in scope, or the closest out of it; the earlier of equals.
local function consider(best, it, mine)
  local place = ACROSS and mine.site ~= '' and it.site == mine.site and 'outside' or 'inside'
  local other = best[place]
  if not other or it.similarity > other.similarity
    or (it.similarity == other.similarity and it.number < other.number) then
    best[place] = it
  end
end

local function led(numbers, mine, visit)
  for place, row in ipairs(rows(numbers)) do
    if row and byte(row, ROW) == 1 then
      local it = parse(row, ROW + 1)
      it.number, it.row = numbers[place], row
      if visit(it) then return true end
    end
  end
  return false
end

-- Return the numbers that share most keys, of equals the newest; whether a bucket is full, and
-- whether some were left out.
local function likeliest(keys)
  local often, numbers, full = {}, {}, false
  for at = 11, #keys, 5 do
    local found = bucket(sub(keys, at, at + 4))
    full = full or #found >= BUCKET
    for _, number in ipairs(found) do
      if not often[number] then numbers[#numbers + 1] = number end
      often[number] = (often[number] or 0) + 1
    end
  end
  if #numbers <= CANDIDATES then return numbers, full, false end
  table.sort(numbers, function(a, b)
    if often[a] ~= often[b] then return often[a] > often[b] end
    return a > b
  end)
  for place = #numbers, CANDIDATES + 1, -1 do numbers[place] = nil end
  return numbers, full, true
end

-- Return the closest matches and what was bounded; nil where texts have to be compared.
local function matches(mine, keys, record)
  local best = {}
  if mine.count == 0 then return best, false, false end
  local equal = bucket(sub(keys, 6, 10))
  local full, cut = #equal >= BUCKET, false
  if EXACT then
    led(equal, mine, function(it)
      if it.sums == mine.sums and it.count == mine.count and may_meet(it, mine) then
        it.similarity, it.relation = 1, EXACT
        consider(best, it, mine)
      end
    end)
  end
  if best.inside or best.outside then return best, full, cut end
  local numbers, crowded
  numbers, crowded, cut = likeliest(keys)
  local signature
  local asks = led(numbers, mine, function(it)
    if TEXTS then return may_meet(it, mine) end
    if not NEAR then return false end
    signature = signature or lanes(record, mine.signature)
    local similarity = likeness(signature, it.row, it.signature)
    if similarity >= THRESHOLD and share(mine.count, it.count, similarity) >= REMOVABLE
      and may_meet(it, mine) then
      it.similarity, it.relation = similarity, NEAR
      consider(best, it, mine)
    end
  end)
  if asks then return nil end
  return best, full or crowded, cut
end

local function told(match, mine)
  if not match then return FRESH end
  local cluster = match.cluster == '' and match.name or match.cluster
  if cluster == mine.name then cluster = '' end
  local exact = match.relation == EXACT
  return pack('<BBBHH', 2, match.relation, exact and 7 or 1, #match.name, #cluster)
    .. string.rep(pack('<d', match.similarity), exact and 3 or 1) .. match.name .. cluster
end

local function asked(keys)
  local answer = {3, string.format('%d', latest)}
  each_key(keys, function(key) answer[#answer + 1] = joined((bucket(key))) end)
  return answer
end

local function count(what) redis.call('HINCRBY', STATE, what, 1) end

local function keep(mine, record, keys, best, verdict)
  local match = best.inside or best.outside
  local leads = not match and mine.count > 0
  local packed = sub(record, 1, 29) .. mine.date .. mine.seen
    .. sub(record, mine.signature, mine.signature + 2 * P - 1) .. verdict
    .. sub(record, mine.tail)
  local group = match and sub(match.row, 5, 8)
  append(packed, mine.when, leads and keys or sub(keys, 1, 5), group, leads)
  count('articles')
  if leads then count('representatives') end
end

local function decide(keys, record)
  slots = {}
  local mine = parse(record, 1)
  local numbers = bucket(sub(keys, 1, 5))
  local named = rows(numbers)
  for place = 1, #named do
    local it = named[place] and parse(named[place], ROW + 1)
    if it and it.name == mine.name then
      if it.digest == mine.digest then
        return {1, pack('>I4', numbers[place]), named[place]}
      end
      return asked(keys)
    end
  end
  mine.seen = pack('<i8', latest)
  local ahead = mine.date ~= NO_DATE and mine.when > latest
  if ahead then mine.date = mine.seen end
  if ahead or mine.date == NO_DATE then mine.when = latest end
  local best, full, cut = matches(mine, keys, record)
  if not best then return asked(keys) end
  local verdict = told(best.inside, mine)
  if add then
    keep(mine, record, keys, best, verdict)
    if ahead then count('future_dates') end
    if full then count('full_buckets') end
    if cut then count('cut_candidates') end
  end
  return {2, verdict}
end

local answers = {}
for at = 3, #ARGV, 2 do
  local answer = decide(ARGV[at], ARGV[at + 1])
  answers[#answers + 1] = answer
  if answer[1] == 3 then break end
end
return answers
