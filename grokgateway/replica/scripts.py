"""The store's steps in Redis, each one script. KEYS[1] is the prefix of all keys.

`head` is a hash: seq and mark of the latest change, the layout of the rows, the bytes
in the stream, a print of the credential keys. `stream` has the latest changes,
`t:TABLE` each row by its key, `ids` the highest key a table has given, and `writer` the
token of who may write.
"""

# ARGV: token, milliseconds
ACQUIRE = """
local key = KEYS[1] .. 'writer'
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
return 1
"""

# ARGV is the token alone.
RELEASE = """
local key = KEYS[1] .. 'writer'
if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
return 1
"""

# ARGV: token, layout, seq and mark before, mark after, bytes kept, entry, the number of
# ids, then table and highest key of each; then table, key, text of each row. A text of
# one space means the row is gone. Repeating it changes nothing.
PUBLISH = """
local p = KEYS[1]
local head = p .. 'head'
local now = redis.call('HMGET', head, 'seq', 'mark', 'layout')
if now[2] == ARGV[5] then return 'done' end
if redis.call('GET', p .. 'writer') ~= ARGV[1] then return 'late' end
if now[1] ~= ARGV[3] or now[2] ~= ARGV[4] then return 'moved' end
if now[3] ~= ARGV[2] then return 'layout' end
local at = 9
for i = 1, tonumber(ARGV[8]) do
  redis.call('HSET', p .. 'ids', ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV, 3 do
  local table = p .. 't:' .. ARGV[i]
  if ARGV[i + 2] == ' ' then
    redis.call('HDEL', table, ARGV[i + 1])
  else
    redis.call('HSET', table, ARGV[i + 1], ARGV[i + 2])
  end
end
local seq = string.format('%.0f', tonumber(ARGV[3]) + 1)
local stream = p .. 'stream'
redis.call('XADD', stream, seq .. '-0', 'mark', ARGV[5], 'rows', ARGV[7])
redis.call('HSET', head, 'seq', seq, 'mark', ARGV[5])
local bytes = redis.call('HINCRBY', head, 'bytes', #ARGV[7])
while bytes > tonumber(ARGV[6]) and redis.call('XLEN', stream) > 1 do
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  redis.call('XDEL', stream, oldest[1])
  bytes = redis.call('HINCRBY', head, 'bytes', 0 - #oldest[2][4])
end
redis.call('DEL', p .. 'writer')
return 'done'
"""

# ARGV: token, milliseconds, table, then key and text of each row. The first call for a
# table has no rows and begins anew.
STAGE = """
local p = KEYS[1]
if redis.call('GET', p .. 'writer') ~= ARGV[1] then return 'late' end
redis.call('PEXPIRE', p .. 'writer', ARGV[2])
local key = p .. 'new:' .. ARGV[3]
if #ARGV == 3 then redis.call('UNLINK', key) end
for i = 4, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
return 'done'
"""

# ARGV: token, seq, mark, layout, keys, the number of tables, then table and highest key
# of each. What was staged takes the place of all there was.
FINISH = """
local p = KEYS[1]
local head = p .. 'head'
if redis.call('HGET', head, 'mark') == ARGV[3] then return 'done' end
if redis.call('GET', p .. 'writer') ~= ARGV[1] then return 'late' end
redis.call('UNLINK', p .. 'stream', p .. 'ids')
for i = 7, 6 + 2 * tonumber(ARGV[6]), 2 do
  local staged, live = p .. 'new:' .. ARGV[i], p .. 't:' .. ARGV[i]
  redis.call('UNLINK', live)
  if redis.call('EXISTS', staged) == 1 then redis.call('RENAME', staged, live) end
  redis.call('HSET', p .. 'ids', ARGV[i], ARGV[i + 1])
end
redis.call('XADD', p .. 'stream', ARGV[2] .. '-0', 'mark', ARGV[3], 'rows', '')
redis.call('HSET', head, 'schema', 1, 'seq', ARGV[2], 'mark', ARGV[3],
  'layout', ARGV[4], 'keys', ARGV[5], 'bytes', 0)
redis.call('DEL', p .. 'writer')
return 'done'
"""
