"""The steps of the Redis store, each one script; `shares` says what is fair."""

# Every script begins with this. Keys: {p} members hash m, expiries x, epoch, loads
# l:EPOCH, windows w:EPOCH:ACCOUNT:MODE, and s:MEMBER with what each has in hand.
HEAD = """
local p = KEYS[1]
local a = cjson.decode(ARGV[1])
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local function epoch() return redis.call('GET', p .. 'epoch') or '0' end
local function hold(member, account, mode, count)
  local hand, field = p .. 's:' .. member, account .. ':' .. mode
  local before = tonumber(redis.call('HGET', hand, field) or '0')
  if count > 0 then redis.call('HSET', hand, field, count)
  else redis.call('HDEL', hand, field) end
  if mode == '' and count ~= before then
    local loads = p .. 'l:' .. epoch()
    if redis.call('HINCRBY', loads, account, count - before) <= 0 then
      redis.call('HDEL', loads, account)
    end
  end
  return before
end
local function bury(member)
  local hand = p .. 's:' .. member
  for _, field in ipairs(redis.call('HKEYS', hand)) do
    local account, mode = string.match(field, '^(%d+):(.*)$')
    if mode == '' then hold(member, account, '', 0) end
  end
  redis.call('DEL', hand)
  redis.call('HDEL', p .. 'm', member)
  redis.call('ZREM', p .. 'x', member)
end
local function bury_the_dead()
  for _, one in ipairs(redis.call('ZRANGEBYSCORE', p .. 'x', '-inf', now)) do
    if one ~= a.me then bury(one) end
  end
  for _, one in ipairs(a.dead or {}) do
    if one ~= a.me then bury(one) end
  end
end
local function peers()
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', p .. 'x', 0, -1)) do
    local text = redis.call('HGET', p .. 'm', id)
    if text then table.insert(found, id); table.insert(found, text) end
  end
  return found
end
"""
JOIN = (
    HEAD
    + """
bury_the_dead()
if redis.call('GET', p .. 'era') ~= tostring(a.era) then
  for _, one in ipairs(redis.call('ZRANGE', p .. 'x', 0, -1)) do bury(one) end
  redis.call('SET', p .. 'era', a.era)
end
local first = redis.call('ZCARD', p .. 'x') == 0
if first then redis.call('INCR', p .. 'epoch') end
a.card.alone = a.alone and first
redis.call('HSET', p .. 'm', a.me, cjson.encode(a.card))
redis.call('ZADD', p .. 'x', now + a.life, a.me)
if not a.card.alone then
  for account, count in pairs(a.slots) do hold(a.me, account, '', count) end
end
return peers()
"""
)
RENEW = (
    HEAD
    + """
if not redis.call('ZSCORE', p .. 'x', a.me) then return false end
redis.call('ZADD', p .. 'x', now + a.life, a.me)
local card = cjson.decode(redis.call('HGET', p .. 'm', a.me))
card.notes = a.notes
redis.call('HSET', p .. 'm', a.me, cjson.encode(card))
bury_the_dead()
return peers()
"""
)
PEERS = HEAD + "return peers()"
OPEN = (
    HEAD
    + """
if not redis.call('ZSCORE', p .. 'x', a.me) then return 0 end
local card = cjson.decode(redis.call('HGET', p .. 'm', a.me))
card.alone = false
redis.call('HSET', p .. 'm', a.me, cjson.encode(card))
redis.call('INCR', p .. 'epoch')
for _, one in ipairs(redis.call('ZRANGE', p .. 'x', 0, -1)) do
  redis.call('DEL', p .. 's:' .. one)
end
for account, count in pairs(a.slots) do hold(a.me, account, '', count) end
return 1
"""
)
LEAVE = HEAD + "bury(a.me) return 1"
WINDOWS = """
local function key_of(account, mode)
  return p .. 'w:' .. epoch() .. ':' .. account .. ':' .. mode
end
local function stored(key)
  local v = redis.call('HMGET', key, 'left', 'total', 'window_s', 'reset', 'cooling',
    'source')
  if not v[1] then return nil end
  return {left = tonumber(v[1]), total = tonumber(v[2]), window_s = tonumber(v[3]),
    reset = v[4], cooling = v[5], source = v[6]}
end
local function save(key, w)
  redis.call('HSET', key, 'left', w.left, 'total', w.total, 'window_s', w.window_s,
    'reset', w.reset, 'cooling', w.cooling, 'source', w.source)
  redis.call('EXPIRE', key, 172800)
end
local function renew(w)
  local reset = tonumber(w.reset)
  if reset > 0 and reset <= now then
    w.left, w.reset, w.source = w.total, '0', 'default'
  end
end
local function same(one, other)
  return math.abs(tonumber(one) - tonumber(other)) < 1
end
"""
MOVE = (
    HEAD
    + WINDOWS
    + """
if not redis.call('ZSCORE', p .. 'x', a.me) then return false end
local touched, seen = {}, {}
local function touch(account, mode, w)
  local key = key_of(account, mode)
  save(key, w)
  if not seen[key] then
    seen[key] = {account, mode, w}
    table.insert(touched, seen[key])
  end
  seen[key][3] = w
end
local function barred(account)
  local till = redis.call('GET', p .. 'b:' .. account)
  return till and tonumber(till) > now
end
for _, b in ipairs(a.backs) do
  local returned = math.min(b.count, hold(a.me, b.account, b.mode, b.kept) - b.kept)
  if b.mode ~= '' and returned > 0 then
    local w = stored(key_of(b.account, b.mode))
    if w then
      renew(w)
      if same(w.reset, b.reset) then
        w.left = math.min(w.total, w.left + returned)
        touch(b.account, b.mode, w)
      end
    end
  end
end
local loads = p .. 'l:' .. epoch()
local function take(n)
  local w = stored(key_of(n.account, n.mode)) or n.window
  if barred(n.account) then
    w.left, w.cooling = 0, string.format('%.6f', now + 1)
    return {0, 0, false, w}
  end
  renew(w)
  hold(a.me, n.account, '', n.held_slots)
  local load = tonumber(redis.call('HGET', loads, n.account) or '0')
  local free = math.max(0, a.limit - load)
  local slots, units = 0, 0
  if tonumber(w.cooling) <= now then
    slots = math.min(n.slots, free)
    slots = slots + math.max(0, math.min(n.spare_slots, free - slots - a.kept_slots))
    units = math.min(n.units, w.left)
    local part = math.floor((w.left - units) / a.parts)
    units = units + math.max(0, math.min(n.spare_units, part))
    if n.free_slots + slots <= 0 then units = 0 end
    if a.by_quota and n.free_units + units <= 0 then slots = 0 end
  end
  hold(a.me, n.account, '', n.held_slots + slots)
  hold(a.me, n.account, n.mode, n.held_units + units)
  if units > 0 then
    if tonumber(w.reset) <= 0 then
      w.reset = string.format('%.6f', now + w.window_s)
    end
    w.left = w.left - units
    touch(n.account, n.mode, w)
  end
  return {units, slots, free <= 0, w}
end
local grants = {}
for _, n in ipairs(a.wants) do table.insert(grants, take(n)) end
redis.call('EXPIRE', loads, 172800)
return cjson.encode({grants = grants, touched = touched})
"""
)
ASK = (
    HEAD
    + WINDOWS
    + """
local found = {}
for _, one in ipairs(a.keys) do
  table.insert(found, stored(key_of(one[1], one[2])) or false)
end
return cjson.encode(found)
"""
)
BAR = """
local p, a = KEYS[1], cjson.decode(ARGV[1])
for account, till in pairs(a.till) do redis.call('SET', p .. 'b:' .. account, till,
  'EX', a.life) end
for _, account in ipairs(a.open) do redis.call('DEL', p .. 'b:' .. account) end
return 1
"""
TELL = (
    HEAD
    + WINDOWS
    + """
local lefts = {}
if epoch() == '0' then return lefts end
for _, n in ipairs(a.windows) do
  local key, left = key_of(n.account, n.mode), -1
  if n.force or redis.call('EXISTS', key) == 1 then
    if n.less then
      local field = n.account .. ':' .. n.mode
      for _, one in ipairs(redis.call('ZRANGE', p .. 'x', 0, -1)) do
        local held = redis.call('HGET', p .. 's:' .. one, field) or '0'
        n.window.left = math.max(0, n.window.left - tonumber(held))
      end
    end
    save(key, n.window)
    left = n.window.left
  end
  table.insert(lefts, left)
end
return lefts
"""
)
