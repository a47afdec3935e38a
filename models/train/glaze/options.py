"""What train.py is told."""

import argparse


def options(description):
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--assets", required=True, help="folder that compose/assets.py wrote")
    p.add_argument("--scenes", required=True, help="shards of 256 x 256, more as they come")
    p.add_argument("--out", required=True)
    p.add_argument("--minutes", type=float, default=120, help="in all; the rate falls over the last third")
    p.add_argument("--steps", type=int, default=0, help="stop after as many (for a rehearsal)")
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--batch", type=int, default=10)
    p.add_argument("--carry", type=int, default=3, help="results that go on at a lower noise")
    p.add_argument("--lr", type=float, help="default: 4e-4, or half of that from weights that ship")
    p.add_argument("--critic-lr", type=float, help="default: one and a half of --lr")
    p.add_argument("--warm", type=int, default=200, help="steps before the adversary, as many to bring it in")
    p.add_argument("--crops", type=float, default=0.35, help="share of native crops in what is judged")
    p.add_argument(
        "--from-shipped", help="begin with this model folder's weights; until --warm the critics learn alone"
    )
    p.add_argument("--critics", help="with --from-shipped: a checkpoint of train.py whose critics go on")
    a = p.parse_args()
    a.lr = a.lr or (2e-4 if a.from_shipped else 4e-4)
    a.critic_lr = a.critic_lr or 1.5 * a.lr
    return a
