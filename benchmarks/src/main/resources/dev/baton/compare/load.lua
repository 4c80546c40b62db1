-- wrk's script. Its argument: the mean pause before each request of a connection, in milliseconds; 0: none.
-- Pauses are exponentially distributed, so requests come as from independent people.
function init(args)
  local mean = tonumber(args[1])
  if mean == 0 then
    return
  end
  math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 2147483647)
  function delay()
    local pause = -math.log(1 - math.random()) * mean
    return math.floor(pause + math.random()) -- wrk takes whole milliseconds
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\nresult %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
