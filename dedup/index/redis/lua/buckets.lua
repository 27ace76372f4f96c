-- Return the latest time, then the numbers of each key. ARGV: the keys.
local answer = {redis.call('HGET', STATE, 'latest') or '0'}
each_key(ARGV[1], function(key) answer[#answer + 1] = joined((bucket(key))) end)
return answer
