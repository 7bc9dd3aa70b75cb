"""PyTorch's step on demand, to be interleaved with ours: peer.py torch_step.py net batch

For each number that arrives on stdin it takes as many steps and prints their times: wall and CPU milliseconds.
"""
import runpy, sys, time

script, net, batch = sys.argv[1:4]
sys.argv = [script, net, batch, "1"]
peer = runpy.run_path(script)
peer["m"].train()
print("ready", flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        wall, cpu = time.perf_counter(), time.process_time()
        peer["step"]()
        times.append("%.4f/%.4f" % ((time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3))
    print("times", " ".join(times), flush=True)
