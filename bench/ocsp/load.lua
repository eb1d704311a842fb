-- What wrk asks: prepared requests from a file, in random order. `checked` looks at each answer.
-- Arguments: FILE SEED [checked TYPE LEAST MOST]
--
-- FILE has one request after the other, each as "LENGTH\n" and so many octets of HTTP.

local requests = {}
local threads = {}
wrong = 0
example = ""

-- wrk would connect once and ask nothing, after which `openssl ocsp` answers nobody any more.
function wrk.connect(address)
   return true
end

function setup(thread)
   table.insert(threads, thread)
end

local function read_requests(path)
   local file = assert(io.open(path, "rb"))
   while true do
      local length = file:read("*l")
      if not length then break end
      requests[#requests + 1] = file:read(tonumber(length))
   end
   file:close()
end

local function check(content_type, least, most)
   return function(status, headers, body)
      local found = headers["Content-Type"] or headers["content-type"] or headers["Content-type"]
      if status ~= 200 or found ~= content_type or #body < least or #body > most then
         wrong = wrong + 1
         example = status .. ", " .. tostring(found) .. ", " .. #body .. " octets"
      end
   end
end

function init(arguments)
   read_requests(arguments[1])
   math.randomseed(tonumber(arguments[2]))
   if arguments[3] == "checked" then
      response = check(arguments[4], tonumber(arguments[5]), tonumber(arguments[6]))
   end
end

function request()
   return requests[math.random(#requests)]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "octets": %d, "microseconds": %d, "p50": %.1f, "p99": %.1f, ' ..
      '"refused": %d, "broken": %d, "wrong": %d, "example": "%s"}\n',
      summary.requests, summary.bytes, summary.duration,
      latency:percentile(50), latency:percentile(99), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      threads[1]:get("wrong"), threads[1]:get("example")))
end
