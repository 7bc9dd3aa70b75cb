"""How far PyTorch itself follows its own trace of epoch 1 on this machine.

    python3 torch_trace.py THREADS [float64|noonednn]

Needs ../../shared/golden/seed-mnist and ../../shared/data/mnist; prints the largest distance from trace.json within the
first 10 and the first 50 steps.
"""
import gzip, json, os, struct, sys
import numpy as np, torch
from torch import nn
import torch.nn.functional as F

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../shared")
torch.set_num_threads(int(sys.argv[1]))
kind = sys.argv[2] if len(sys.argv) > 2 else ""
dt = torch.float64 if kind == "float64" else torch.float32
torch.backends.mkldnn.enabled = kind != "noonednn"
steps = 50

class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__(); self.conv1 = nn.Conv2d(c, 30, 5, padding=2); self.conv2 = nn.Conv2d(30, c, 3, padding=1)
    def forward(self, x): return torch.relu(self.conv2(self.conv1(x)) + x)
class SeedNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(1, 32, 5), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 128, 3)
        self.resblock1, self.resblock2, self.resblock3 = ResBlock(32), ResBlock(64), ResBlock(128)
        self.maxpool, self.full_c = nn.MaxPool2d(2), nn.Linear(128, 10)
    def forward(self, x):
        for c, r in ((self.conv1, self.resblock1), (self.conv2, self.resblock2), (self.conv3, self.resblock3)):
            x = r(torch.relu(self.maxpool(c(x))))
        return self.full_c(x.flatten(1))
b=open(SHARED + '/golden/seed-mnist/init.safetensors','rb').read(); n=struct.unpack('<Q',b[:8])[0]; h=json.loads(b[8:8+n])
sd={k:torch.tensor(np.frombuffer(b[8+n+v['data_offsets'][0]:8+n+v['data_offsets'][1]],dtype=np.float32).reshape(v['shape']).copy()) for k,v in h.items() if k!='__metadata__'}
m=SeedNet(); m.load_state_dict(sd); m=m.to(dt)
X=np.frombuffer(gzip.open(SHARED + '/data/mnist/train-images-idx3-ubyte.gz').read(),dtype=np.uint8,offset=16).reshape(-1,1,28,28)[:64*steps]
Y=np.frombuffer(gzip.open(SHARED + '/data/mnist/train-labels-idx1-ubyte.gz').read(),dtype=np.uint8,offset=8)[:64*steps]
X=(torch.tensor(X).float()/255).to(dt); Y=torch.tensor(Y.astype(np.int64))
o=torch.optim.Adam(m.parameters(),lr=1e-3)
tr=json.load(open(SHARED + '/golden/seed-mnist/trace.json'))['step_losses_epoch_1']
D=[]
for s in range(steps):
    l=F.cross_entropy(m(X[s*64:(s+1)*64]),Y[s*64:(s+1)*64]); o.zero_grad(); l.backward(); o.step()
    D.append(abs(l.item()-tr[s]))
print(f'PyTorch {torch.__version__} {sys.argv[1:]}: first 10 {max(D[:10]):.1e}, first 50 {max(D):.1e}')
