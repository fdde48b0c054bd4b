"""How much the service will do for one request, and for all of them: plain constants with reasons.

Every bound refuses with a sentence. A service that tries anything asked of it is one that serves
nobody once somebody asks for too much.
"""

from __future__ import annotations

#: Requests at work at once in a worker; the next are told to come again rather than kept waiting.
IN_FLIGHT = 256
#: Threads of a worker. Those of them that may be held by what takes long, whatever it is: the others are
#: for whoever asks for something short, who else would wait behind all of that.
THREADS, SLOW = 128, 96
#: Pages that may wait for the one that is being drawn: matplotlib and folium draw one at a time. Answers
#: that are made sooner, such as tiles, of which a map asks for dozens.
WAITING, QUICK_WAITING = 24, 48
#: Connections open at once in a worker, whether they ask for something or not.
CONNECTIONS = 1_000
#: Bytes of a path, of a query string, and of the headers of one request.
PATH_BYTES, QUERY_BYTES, HEADER_BYTES = 1_024, 4_096, 16_384
#: Bytes of the body of a request, where a route takes one and says nothing else.
BODY_BYTES = 1_000_000
#: Seconds in which a client must have sent its request, and have taken each piece of the answer.
REQUEST_SECONDS, ANSWER_SECONDS = 15.0, 60.0
#: Seconds in which the body of a request must be whole.
BODY_SECONDS = 60.0
#: Seconds that may be waited for a body whatever comes, and bytes that each further second must have brought:
#: a body is read into one of few places, and who sends it drop by drop must not keep others from them.
BODY_GRACE, BODY_RATE = 10.0, 5_000
#: Rows or features in one answer when nothing is said, and at most.
LIMIT, MOST = 100, 10_000
#: Furthest that paging may begin.
OFFSET = 10_000_000
#: Letters of a name that is searched for, and answers to it.
NAME_LETTERS, FOUND = 120, 50
#: Bytes of finished pages kept in a worker, and what each of them takes beside its own bytes.
KEPT_BYTES, ENTRY_BYTES = 64_000_000, 1_000
#: Bytes of finished answers to areas of somebody's own, which are many and seldom asked for twice.
OWN_BYTES = 32_000_000
#: Bytes of a drawing that is sent, its points, and those that may need mending where it crosses itself.
DRAWING_BYTES, DRAWING_POINTS, MENDED_POINTS = 256_000, 10_000, 1_000
#: Times that it may cross itself: a hand that slips does so a few times, and mending takes their square.
MENDED_CROSSINGS = 50
#: Pairs of sides of a shape of a job whose boxes meet, at most, and as many more for each side: those of a
#: border meet their neighbours alone.
SIDES_NEAR, SIDES_NEAR_EACH = 1_000_000, 20
#: Areas of somebody's own that are remembered, so that other forms of a profile need no new fitting.
AREAS_KEPT = 256
#: Letters of a question whose answer is found again without being read.
SHORT_LETTERS = 200
#: Letters that describe an area: a drawing as text, or a list of postcodes.
AREA_LETTERS = 4_000
#: Longest walking time, and how many limits may be asked for at once.
MINUTES, TIME_LIMITS = 90.0, 6
#: Requests that may wait for the one that goes along the streets.
STREET_WAITING = 16
#: Files that are looked through at once, and such as wait with them.
INSPECTED, INSPECTED_WAITING = 2, 6
#: New hubs that may be tried at once.
TRIED_SITES = 12
#: Bytes that a job may be sent, the sites of a plan, and the points of one collection of shapes.
JOB_BYTES, JOB_SITES, JOB_POINTS = 4_000_000, 200, 100_000
#: Jobs that wait in a worker while one is done, seconds that one may take, and that results are kept.
JOBS_WAITING, JOB_SECONDS, JOB_KEPT_SECONDS = 4, 900.0, 3_600.0
#: Jobs whose body is being read at once in a worker: JSON takes twenty times its bytes once it is read.
JOBS_RECEIVED = 8
#: Jobs that are over and still kept, by all workers together, and bytes of them.
JOBS_KEPT, JOBS_BYTES = 256, 500_000_000
#: Bytes of memory that one job may write to, of which those of the made-up town take 1.6 of 4 thousand
#: million; and of one file that it may write.
JOB_MEMORY, JOB_FILE_BYTES = 4_000_000_000, 300_000_000
#: Areas side by side, areas in a list of need, and bytes of a what-if.
COMPARED, TARGETED, WHAT_IF_BYTES = 6, 200, 10_000
#: Letters of a filter, words in it, and how deep it may be nested.
FILTER_LETTERS, FILTER_WORDS, FILTER_DEPTH = 3_000, 500, 32
