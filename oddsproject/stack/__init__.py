"""Everything that starts, watches and stops the processes of the project.

bootstrap   the virtual environment, before anything is installed (standard library only)
binaries    where PostgreSQL and Redis live, and as whom they run
postgres, redis_server   one server each: prepare, start, wait, stop
processes   children in their own sessions that never outlive their parent
private     a throw-away PostgreSQL and Redis, for tests and benchmarks
supervisor  bin/run;   testing  bin/test;   benching  bin/bench
"""
