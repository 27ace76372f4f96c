-- Forget which articles a day had, if it has no more of them than were seen. ARGV: day, bytes.
local name = KEY .. ':t:' .. ARGV[1]
if redis.call('STRLEN', name) == tonumber(ARGV[2]) then
  redis.call('DEL', name)
  redis.call('ZREM', DAYS, ARGV[1])
end
return 1
