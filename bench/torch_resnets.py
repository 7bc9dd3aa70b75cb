"""How far PyTorch in float32 follows the golden traces of ResNet-18 and -50, which were made in float64."""
import json, os, sys

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../shared')
sys.path.insert(0, SHARED + '/golden')
import make_golden as G, torch, torchvision
import torch.nn.functional as F, numpy as np
for name in ('resnet18','resnet50'):
  gold=json.load(open(SHARED + f'/golden/resnets/{name}.json'))
  for th in (1,2):
    torch.set_num_threads(th)
    m=G.init_(getattr(torchvision.models,name)(weights=None,num_classes=10)); x=G.T(7000,4,3,64,64); y=torch.arange(4)*3%10
    m.train(); o=torch.optim.Adam(m.parameters(),lr=1e-3); L=[]
    for s in range(3):
        l=F.cross_entropy(m(x),y); o.zero_grad(); l.backward(); L.append(l.item())
        if s==0: gn={k:p.grad.norm().item() for k,p in m.named_parameters()}
        o.step()
    m.eval(); z=m(x).detach().numpy(); zg=np.array(gold['eval_logits_after'])
    print(name,'threads',th,'losses rel',[abs(a-b)/b for a,b in zip(L,gold['losses'])],'gradnorm worst',max(abs(gn[k]-v)/v for k,v in gold['grad_norms_step1'].items()),'logits after',np.abs(z-zg).max()/np.abs(zg).max())
