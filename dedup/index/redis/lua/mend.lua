-- Bring slots of postings to what they should be. ARGV: the last number that was looked at, then
-- of each slot its two bytes and its postings; younger ones that are there stay. With "-" for the
-- number all that are there stay, and only room is given back.
for at = 2, #ARGV, 2 do
  local name = KEY .. ':p:' .. ARGV[at]
  local data, parts = redis.call('GET', name) or '', {ARGV[at + 1]}
  local last = ARGV[1] == '-' and 0 or tonumber(ARGV[1])
  for place = 1, #data - 6, ENTRY do
    local number = unpack_('>I4', data, place + 3)
    if number > last and number <= MOST then
      parts[#parts + 1] = sub(data, place, place + ENTRY - 1)
    end
  end
  local whole = table.concat(parts)
  if whole == '' then
    redis.call('DEL', name)
  else
    redis.call('SET', name, whole)
    redis.call('SETBIT', KEY .. ':slots', (unpack_('>I2', ARGV[at])), 1)
  end
end
return 1
