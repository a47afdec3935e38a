"""schedulers.json: what diffusers' schedulers do, step by step, on a 16-number latent."""

import json

import diffusers
import numpy as np
import torch
from diffusers.schedulers import (
    scheduling_ddim,
    scheduling_deis_multistep,
    scheduling_dpmsolver_multistep,
    scheduling_dpmsolver_singlestep,
    scheduling_euler_ancestral_discrete,
    scheduling_euler_discrete,
    scheduling_flow_match_euler_discrete,
    scheduling_heun_discrete,
    scheduling_k_dpm_2_ancestral_discrete,
    scheduling_k_dpm_2_discrete,
    scheduling_lcm,
    scheduling_lms_discrete,
    scheduling_pndm,
    scheduling_tcd,
    scheduling_unipc_multistep,
)
from schedule_cases import SD, TCD, case_list

SHAPE = (1, 4, 2, 2)
MAX_STEPS = 20
# Evaluations of the U-Net: Heun and its kin have two a step.
MORE_STEPS = 19
CLASSES = {
    "EulerDiscreteScheduler": (scheduling_euler_discrete, "EulerDiscreteScheduler"),
    "EulerAncestralDiscreteScheduler": (
        scheduling_euler_ancestral_discrete,
        "EulerAncestralDiscreteScheduler",
    ),
    "LCMScheduler": (scheduling_lcm, "LCMScheduler"),
    "DDIMScheduler": (scheduling_ddim, "DDIMScheduler"),
    "PNDMScheduler": (scheduling_pndm, "PNDMScheduler"),
    "DPMSolverMultistepScheduler": (
        scheduling_dpmsolver_multistep,
        "DPMSolverMultistepScheduler",
    ),
    "DPMSolverSinglestepScheduler": (
        scheduling_dpmsolver_singlestep,
        "DPMSolverSinglestepScheduler",
    ),
    "HeunDiscreteScheduler": (scheduling_heun_discrete, "HeunDiscreteScheduler"),
    "LMSDiscreteScheduler": (scheduling_lms_discrete, "LMSDiscreteScheduler"),
    "UniPCMultistepScheduler": (scheduling_unipc_multistep, "UniPCMultistepScheduler"),
    "DEISMultistepScheduler": (scheduling_deis_multistep, "DEISMultistepScheduler"),
    "TCDScheduler": (scheduling_tcd, "TCDScheduler"),
    "KDPM2DiscreteScheduler": (scheduling_k_dpm_2_discrete, "KDPM2DiscreteScheduler"),
    "KDPM2AncestralDiscreteScheduler": (
        scheduling_k_dpm_2_ancestral_discrete,
        "KDPM2AncestralDiscreteScheduler",
    ),
}


def f32(values):
    """Shortest decimals that read back as the same float32."""
    flat = np.asarray(values, dtype=np.float32).reshape(-1)
    if not np.isfinite(flat).all():
        raise ValueError("a golden number is not finite")
    return [float(np.format_float_scientific(v, unique=True)) for v in flat]


def flow():
    """Flow matching has no betas, and each family gives its levels and its shift in its own way."""
    even = [1.0, 0.0]
    dynamic = {"use_dynamic_shifting": True, "shift": 3.0}
    rows = []
    for config, given, mu, runs in (
        ({"shift": 1.0}, even, None, ((1, 1.0), (4, 0.5), (4, 0.6), (4, 1.0))),
        ({"shift": 3.0}, even, None, ((2, 0.6), (8, 0.45), (8, 1.0))),
        ({"shift": 3.0}, None, None, ((1, 1.0), (4, 1.0), (8, 0.5), (10, 0.7))),
        (dynamic, even, 0.63, ((4, 1.0), (20, 0.3))),
        (dynamic, even, 2.03069, ((4, 0.8), (5, 0.8))),
        (dynamic, None, 1.15, ((4, 1.0),)),
        ({**dynamic, "time_shift_type": "linear"}, even, 1.15, ((4, 1.0),)),
        ({**dynamic, "shift_terminal": 0.02}, even, 0.63, ((4, 1.0), (8, 0.5))),
    ):
        for steps, strength in runs:
            scheduler = scheduling_flow_match_euler_discrete.FlowMatchEulerDiscreteScheduler(**config)
            sigmas = None if given is None else np.linspace(1.0, 1 / steps, steps)
            scheduler.set_timesteps(steps, sigmas=sigmas, mu=mu)
            begin = int(max(steps - min(steps * strength, steps), 0))
            scheduler.set_begin_index(begin)
            rows.append((config, given is None, mu, steps, strength, scheduler, begin))
    return rows


def run_flow(row, tables):
    config, own, mu, steps, strength, scheduler, begin = row
    timesteps = scheduler.timesteps[begin:]
    x = scheduler.scale_noise(tables["latent"], timesteps[:1], tables["noise"])
    noisy, trace = x, []
    for i, t in enumerate(timesteps):
        x = scheduler.step(tables["model_outputs"][i], t, x, return_dict=False)[0]
        trace.append(f32(x))
    return {
        "config": {"_class_name": "FlowMatchEulerDiscreteScheduler", **config},
        "own_levels": own,
        "mu": mu,
        "steps": steps,
        "strength": strength,
        "timesteps": f32(timesteps),
        "noisy": f32(noisy),
        "trace": trace,
    }


def timesteps_for(scheduler, steps, strength, route):
    """What the pipeline of that route runs, and where it begins in the scheduler's own list."""
    if route == "lcm":
        scheduler.set_timesteps(steps, strength=strength)
        return scheduler.timesteps, 0
    scheduler.set_timesteps(steps)
    pipeline = diffusers.StableDiffusionImg2ImgPipeline

    class Stub:
        pass

    stub = Stub()
    stub.scheduler = scheduler
    timesteps, left = pipeline.get_timesteps(stub, steps, strength, "cpu")
    return timesteps, (steps - left) * scheduler.order


def tolerance(config, sigmas, begin):
    """Of max(1, largest in the row). The first step from sigma 4096 cancels most of its digits."""
    huge = sigmas is not None and float(sigmas[begin]) > 1000
    return 5e-4 if huge and config.get("rescale_betas_zero_snr") else 1e-5


def estimate(scheduler, output, t, sample):
    """The clean latent that `output` stands for, of a scheduler that does not tell it."""
    if isinstance(scheduler, diffusers.DEISMultistepScheduler):
        # It keeps the noise; its counter stands on the next step already.
        alpha, sigma = scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[scheduler.step_index - 1])
        return (sample - sigma * scheduler.model_outputs[-1]) / alpha
    if hasattr(scheduler, "model_outputs"):
        return scheduler.model_outputs[-1]
    alpha = scheduler.alphas_cumprod[t]
    if scheduler.config.prediction_type == "v_prediction":
        return alpha**0.5 * sample - (1 - alpha) ** 0.5 * output
    if scheduler.config.prediction_type == "sample":
        return output
    return (sample - (1 - alpha) ** 0.5 * output) / alpha**0.5


def run(case, tables):
    name, config, steps, strength, route = case
    module, class_name = CLASSES[name]
    scheduler = getattr(module, class_name).from_config(dict(config))
    for key, value in config.items():
        if scheduler.config[key] != value:
            raise ValueError(f"{name} does not know {key}")
    timesteps, begin = timesteps_for(scheduler, steps, strength, route)

    drawn = []

    def given(shape, **_):
        drawn.append(len(drawn))
        return tables["draws"][drawn[-1]].reshape(tuple(shape)).clone()

    kept, module.randn_tensor = getattr(module, "randn_tensor", None), given
    try:
        x = scheduler.add_noise(tables["latent"], tables["noise"], timesteps[:1])
        noisy, trace = x, []
        for i, t in enumerate(timesteps):
            scaled = scheduler.scale_model_input(x, t)
            output, before = tables["model_outputs"][i], x
            x, *told = scheduler.step(output, t, x, return_dict=False)
            # TCD tells something else there.
            x0 = told[0] if told and name != TCD else estimate(scheduler, output, t, before)
            if not (x.isfinite().all() and x0.isfinite().all()):
                raise ValueError(f"not finite: {case}")
            trace.append({"scaled": f32(scaled), "prev": f32(x), "x0": f32(x0)})
    finally:
        module.randn_tensor = kept

    sigmas = getattr(scheduler, "sigmas", None)
    return {
        "name": f"{class_name.replace('Scheduler', '')} n={steps} s={strength} {route}",
        "config": {"_class_name": class_name, **config},
        "route": route,
        "steps": steps,
        "strength": strength,
        "begin_index": begin,
        "timesteps": [int(t) for t in timesteps] if timesteps.dtype == torch.int64 else f32(timesteps),
        "timesteps_dtype": str(timesteps.dtype).removeprefix("torch."),
        "sigmas": None if sigmas is None else f32(sigmas),
        "init_noise_sigma": f32(scheduler.init_noise_sigma)[0],
        "noisy": f32(noisy),
        "draws_used": len(drawn),
        "tolerance": tolerance(config, sigmas, begin),
        "trace": trace,
    }


def alphas():
    """alphas_cumprod of each beta schedule, at a few timesteps: the first thing to get right."""
    rows = []
    linear = {"beta_start": 0.0001, "beta_end": 0.02}
    for schedule, extra in (("scaled_linear", {}), ("linear", linear), ("squaredcos_cap_v2", {})):
        for rescale in (False, True):
            config = {**SD, "beta_schedule": schedule, **extra, "rescale_betas_zero_snr": rescale}
            scheduler = diffusers.DDIMScheduler.from_config(dict(config))
            at = [0, 1, 2, 10, 100, 249, 499, 500, 749, 900, 998, 999]
            values = scheduler.alphas_cumprod[at]
            rows.append({"config": config, "timesteps": at, "alphas_cumprod": f32(values)})
    return rows


def make(folder):
    rng = np.random.RandomState(20)

    def table(*shape):
        return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))

    tables = {
        "latent": table(*SHAPE),
        "noise": table(*SHAPE),
        "model_outputs": table(MAX_STEPS, *SHAPE),
        "draws": table(MAX_STEPS, *SHAPE),
    }
    for key in ("model_outputs", "draws"):
        tables[key] = torch.cat([tables[key], table(MORE_STEPS, *SHAPE)])
    cases = [run(case, tables) for case in case_list()]
    if len({json.dumps(c["config"]) + c["name"] for c in cases}) != len(cases):
        raise ValueError("two cases are the same")
    document = {
        "made_with": {"diffusers": diffusers.__version__, "torch": torch.__version__.split("+")[0]},
        "shape": list(SHAPE),
        "latent": f32(tables["latent"]),
        "noise": f32(tables["noise"]),
        "model_outputs": [f32(row) for row in tables["model_outputs"]],
        "draws": [f32(row) for row in tables["draws"]],
        "alphas": alphas(),
        "cases": cases,
        "flow": [run_flow(row, tables) for row in flow()],
    }
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict | list):
            rows = ",\n".join(json.dumps(row) for row in value)
            parts.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    if json.loads(text) != document:
        raise ValueError("schedulers.json does not read back")
    (folder / "schedulers.json").write_text(text)
    return len(cases)


if __name__ == "__main__":
    import pathlib

    torch.set_num_threads(1)
    print(make(pathlib.Path(__file__).parent), "scheduler cases")
