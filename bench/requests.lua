-- The requests of a file, one after the other: each line has a path and a key.
-- At the end one line: how many were answered, in how many us, how many not well.

local requests, at = {}, 0

function init(args)
	for line in io.lines(args[1]) do
		local path, key = line:match("^(%S+) (%S+)$")
		requests[#requests + 1] = wrk.format("GET", path,
		    { ["Authorization"] = "Bearer " .. key, ["Host"] = "127.0.0.1" })
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end

function done(summary)
	local e = summary.errors
	print(string.format("wrk: %d %d %d", summary.requests, summary.duration,
	    e.connect + e.read + e.write + e.status + e.timeout))
end
