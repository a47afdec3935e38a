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

# The part that every Stable Diffusion scheduler_config.json has in common.
SD = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "trained_betas": None,
}
(EULER, ANCESTRAL, LCM, DDIM, PNDM, DPM, SINGLE, HEUN, LMS, UNIPC, DEIS, TCD, KDPM2, KDPM2A) = CLASSES


def f32(values):
    """Shortest decimals that read back as the same float32."""
    flat = np.asarray(values, dtype=np.float32).reshape(-1)
    if not np.isfinite(flat).all():
        raise ValueError("a golden number is not finite")
    return [float(np.format_float_scientific(v, unique=True)) for v in flat]


def case_list():
    """(class, config over SD, steps, strength, route)"""
    cases = []

    def add(name, config, *runs, route="sd"):
        for steps, strength in runs:
            cases.append((name, {**SD, **config}, steps, strength, route))

    turbo = {"timestep_spacing": "trailing", "steps_offset": 1, "prediction_type": "epsilon"}
    leading = {"timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "epsilon"}
    linspace = {"timestep_spacing": "linspace", "steps_offset": 0, "prediction_type": "epsilon"}
    vpred = {"prediction_type": "v_prediction"}

    # Euler: SD-Turbo as published, then each option that changes a number.
    add(
        EULER,
        turbo,
        (1, 1.0),
        (2, 0.5),
        (2, 1.0),
        (4, 0.3),
        (4, 0.5),
        (4, 1.0),
        (8, 0.3),
        (20, 0.5),
    )
    add(EULER, turbo, (10, 0.7), (20, 0.55), (5, 0.6))  # strength x steps just above a whole number
    add(EULER, {**turbo, **vpred}, (4, 0.5), (8, 1.0))
    add(EULER, {**turbo, "prediction_type": "sample"}, (1, 1.0), (4, 1.0))
    add(EULER, leading, (1, 1.0), (4, 1.0), (8, 0.5), (20, 0.3))
    add(EULER, {**leading, "steps_offset": 0}, (4, 1.0), (8, 0.3))
    add(EULER, {**leading, **vpred}, (4, 0.5), (20, 1.0))
    add(EULER, linspace, (1, 1.0), (2, 1.0), (4, 0.5), (8, 1.0), (20, 0.3))
    add(EULER, {**linspace, **vpred}, (8, 0.5))
    add(EULER, {**leading, "use_karras_sigmas": True}, (1, 1.0), (4, 1.0), (8, 0.5), (20, 0.3))
    add(EULER, {**turbo, "use_karras_sigmas": True, "final_sigmas_type": "sigma_min"}, (4, 1.0))
    add(EULER, {**linspace, "final_sigmas_type": "sigma_min"}, (4, 0.5), (8, 1.0))
    zero_snr = {"rescale_betas_zero_snr": True, **vpred}
    add(EULER, {**turbo, **zero_snr}, (2, 1.0), (4, 0.5), (8, 1.0))
    add(
        EULER,
        {**leading, "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
        (4, 1.0),
    )
    add(EULER, {**turbo, "beta_schedule": "squaredcos_cap_v2"}, (4, 0.5), (8, 1.0))

    # Euler ancestral: SD 1.5 / SDXL-Turbo style.
    add(ANCESTRAL, turbo, (1, 1.0), (2, 0.5), (4, 0.5), (4, 1.0), (8, 0.3))
    add(ANCESTRAL, linspace, (1, 1.0), (4, 1.0), (8, 0.5), (20, 0.3))
    add(ANCESTRAL, leading, (4, 1.0), (20, 0.5))
    add(ANCESTRAL, {**turbo, **vpred}, (4, 1.0), (8, 0.5))
    add(ANCESTRAL, {**turbo, **zero_snr}, (4, 1.0))
    add(ANCESTRAL, {**leading, "beta_schedule": "squaredcos_cap_v2"}, (4, 0.5))

    # LCM: its own img2img pipeline gives the strength to set_timesteps and always runs n steps.
    lcm = {
        "original_inference_steps": 50,
        "timestep_scaling": 10.0,
        "set_alpha_to_one": True,
        "clip_sample": False,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "prediction_type": "epsilon",
    }
    add(LCM, lcm, (1, 0.5), (1, 1.0), (2, 0.3), (2, 1.0), (4, 0.3), (4, 0.5), (4, 1.0), route="lcm")
    add(LCM, lcm, (8, 0.3), (8, 1.0), (20, 0.5), (20, 1.0), route="lcm")
    add(LCM, {**lcm, "set_alpha_to_one": False}, (4, 0.5), route="lcm")
    add(LCM, {**lcm, "original_inference_steps": 100}, (4, 0.5), (8, 0.3), route="lcm")
    add(LCM, {**lcm, **vpred}, (4, 1.0), route="lcm")
    add(LCM, {**lcm, "prediction_type": "sample"}, (2, 0.5), route="lcm")
    add(LCM, {**lcm, "clip_sample": True, "clip_sample_range": 1.5}, (4, 0.5), route="lcm")
    add(LCM, {**lcm, "timestep_scaling": 1.0}, (2, 1.0), route="lcm")
    # ... and an LCM scheduler in a plain StableDiffusion folder (merged LCM-LoRA) goes the SD way.
    add(LCM, lcm, (4, 0.5), (8, 0.3), (4, 1.0))

    # DDIM: SD 1.5 as published, then the options.
    ddim = {
        "set_alpha_to_one": False,
        "clip_sample": False,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "prediction_type": "epsilon",
    }
    add(DDIM, ddim, (1, 1.0), (2, 0.5), (4, 0.3), (4, 1.0), (8, 0.5), (20, 0.3), (20, 1.0))
    add(DDIM, {**ddim, "steps_offset": 0, "set_alpha_to_one": True}, (4, 1.0), (8, 0.3))
    add(DDIM, {**ddim, "clip_sample": True}, (4, 1.0), (8, 0.5))
    add(DDIM, {**ddim, "clip_sample": True, "clip_sample_range": 2.5}, (4, 0.5))
    add(DDIM, {**ddim, **vpred}, (4, 0.5), (8, 1.0))
    add(DDIM, {**ddim, "prediction_type": "sample"}, (4, 1.0))
    add(DDIM, {**ddim, "timestep_spacing": "trailing"}, (1, 1.0), (4, 0.5), (8, 1.0))
    add(DDIM, {**ddim, "timestep_spacing": "linspace"}, (2, 1.0), (4, 1.0), (20, 0.3))
    add(DDIM, {**ddim, "timestep_spacing": "trailing", **zero_snr}, (4, 1.0), (8, 0.5))
    add(
        DDIM,
        {**ddim, "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
        (4, 1.0),
    )
    add(DDIM, {**ddim, "beta_schedule": "squaredcos_cap_v2"}, (4, 0.5))

    # PNDM: SD 1.x as published; without strength 1 it begins in the middle of its list, with or without the
    # timestep that is there twice.
    pndm = {
        "skip_prk_steps": True,
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "prediction_type": "epsilon",
    }
    add(PNDM, pndm, (1, 1.0), (2, 0.5), (2, 1.0), (3, 0.7), (4, 0.3), (4, 0.5), (4, 0.75), (4, 1.0))
    add(PNDM, pndm, (8, 0.5), (10, 0.7), (10, 0.9), (19, 1.0), (20, 0.3), (20, 0.95))
    add(PNDM, {**pndm, **vpred}, (4, 0.75), (8, 0.5), (8, 1.0))
    add(PNDM, {**pndm, "steps_offset": 0, "set_alpha_to_one": True}, (4, 1.0), (8, 0.3))
    add(PNDM, {**pndm, "timestep_spacing": "trailing"}, (1, 1.0), (4, 0.75), (7, 0.5), (8, 1.0))
    add(PNDM, {**pndm, "timestep_spacing": "linspace"}, (2, 1.0), (7, 0.9), (8, 0.5), (16, 1.0))
    add(PNDM, {**pndm, "beta_schedule": "squaredcos_cap_v2"}, (4, 0.5))

    # DPM-Solver++: 2M as people choose it for SD 1.x, with Karras' levels, then each option.
    dpm = {
        "solver_order": 2,
        "algorithm_type": "dpmsolver++",
        "solver_type": "midpoint",
        "lower_order_final": True,
        "timestep_spacing": "linspace",
        "steps_offset": 1,
        "prediction_type": "epsilon",
    }
    karras = {"use_karras_sigmas": True}
    leading, trailing = {"timestep_spacing": "leading"}, {"timestep_spacing": "trailing"}
    add(DPM, dpm, (1, 1.0), (2, 0.5), (2, 1.0), (4, 0.3), (4, 0.5), (4, 1.0), (8, 0.5))
    add(DPM, dpm, (14, 0.4), (15, 0.4), (20, 0.3), (20, 1.0))
    add(DPM, {**dpm, **leading}, (1, 1.0), (4, 1.0), (8, 0.5), (20, 0.3))
    add(DPM, {**dpm, **trailing}, (1, 1.0), (4, 0.5), (7, 1.0), (20, 0.4))
    add(DPM, {**dpm, **vpred}, (4, 0.5), (8, 1.0))
    add(DPM, {**dpm, "prediction_type": "sample"}, (4, 1.0), (8, 0.5))
    add(DPM, {**dpm, **karras}, (1, 1.0), (2, 0.5), (4, 0.5), (4, 1.0), (8, 0.5), (20, 0.3), (20, 1.0))
    add(DPM, {**dpm, **karras, **vpred}, (8, 0.5))
    add(DPM, {**dpm, **karras, "final_sigmas_type": "sigma_min"}, (4, 1.0), (20, 0.4))
    add(DPM, {**dpm, **karras, "beta_schedule": "squaredcos_cap_v2"}, (8, 0.5))
    add(DPM, {**dpm, "final_sigmas_type": "sigma_min"}, (4, 1.0), (8, 0.5), (20, 0.4))
    add(DPM, {**dpm, "solver_type": "heun"}, (4, 1.0), (8, 0.5), (20, 0.4))
    add(DPM, {**dpm, "euler_at_final": True, "final_sigmas_type": "sigma_min"}, (16, 0.5))
    add(DPM, {**dpm, "lower_order_final": False}, (4, 1.0), (8, 0.5))
    add(DPM, {**dpm, "solver_order": 1}, (4, 1.0), (8, 0.5))
    add(DPM, {**dpm, "solver_order": 3}, (2, 1.0), (4, 1.0), (8, 0.5), (16, 0.5), (20, 1.0))
    add(DPM, {**dpm, "solver_order": 3, **karras}, (8, 1.0), (20, 0.4))
    sde = {**dpm, "algorithm_type": "sde-dpmsolver++"}
    add(DPM, sde, (1, 1.0), (2, 1.0), (4, 0.5), (8, 1.0), (20, 0.4))
    add(DPM, {**sde, **karras, "final_sigmas_type": "sigma_min"}, (8, 0.5), (16, 0.5))
    add(DPM, {**sde, "solver_type": "heun"}, (8, 0.5))
    add(DPM, {**sde, "solver_order": 3}, (8, 1.0), (20, 0.4))
    add(DPM, {**dpm, **trailing, **zero_snr}, (4, 1.0), (8, 0.5))
    add(DPM, {**dpm, "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}, (8, 0.5))

    # The singlestep solver: every length, for its steps take two or three evaluations.
    single = {
        "solver_order": 2,
        "algorithm_type": "dpmsolver++",
        "solver_type": "midpoint",
        "lower_order_final": True,
        "final_sigmas_type": "zero",
        "prediction_type": "epsilon",
    }
    ends = {"final_sigmas_type": "sigma_min"}
    add(SINGLE, single, (1, 1.0), (2, 1.0), (3, 1.0), (4, 0.5), (4, 1.0), (5, 0.6), (8, 0.5), (20, 0.3))
    add(SINGLE, {**single, **karras}, (4, 1.0), (8, 0.5), (20, 0.4))
    add(SINGLE, {**single, **vpred}, (4, 1.0), (8, 0.5))
    add(SINGLE, {**single, "prediction_type": "sample"}, (4, 1.0))
    add(SINGLE, {**single, "lower_order_final": False}, (4, 1.0), (5, 1.0))
    add(SINGLE, {**single, "lower_order_final": False, **ends}, (4, 1.0), (5, 1.0), (8, 0.5))
    add(SINGLE, {**single, "solver_type": "heun"}, (4, 1.0), (8, 0.5))
    add(SINGLE, {**single, "solver_order": 1}, (4, 1.0))
    third = {**single, "solver_order": 3}
    add(SINGLE, third, (1, 1.0), (2, 1.0), (3, 1.0), (6, 1.0), (7, 1.0), (8, 0.5), (20, 0.4))
    add(SINGLE, {**third, **ends}, (6, 1.0), (8, 1.0))
    add(SINGLE, {**third, "solver_type": "heun", **ends}, (6, 1.0), (7, 0.6))
    sde = {**single, "algorithm_type": "sde-dpmsolver++"}
    add(SINGLE, sde, (1, 1.0), (4, 1.0), (8, 0.5))
    add(SINGLE, {**sde, **ends, "solver_type": "heun"}, (4, 1.0), (8, 0.5))
    add(SINGLE, {**sde, **ends, "solver_order": 3}, (6, 1.0), (8, 0.5))
    add(SINGLE, {**sde, **ends, "solver_order": 3, "solver_type": "heun"}, (6, 1.0))

    # Two evaluations a step.
    for name in (HEUN, KDPM2, KDPM2A):
        add(name, turbo, (1, 1.0), (2, 0.5), (4, 0.5), (4, 1.0), (8, 0.3))
        add(name, linspace, (4, 1.0), (8, 0.5), (20, 0.3))
        add(name, leading, (4, 1.0), (20, 0.5))
        add(name, {**turbo, **vpred}, (4, 1.0), (8, 0.5))
        add(name, {**linspace, **karras}, (4, 1.0), (8, 0.5), (20, 0.4))
        add(name, {**leading, "use_exponential_sigmas": True}, (8, 0.5))
    add(HEUN, {**turbo, "prediction_type": "sample"}, (4, 1.0))
    add(HEUN, {**linspace, "clip_sample": True, "clip_sample_range": 1.5}, (4, 1.0))

    # Multistep methods; without strength 1 LMS weighs slopes that it does not have.
    add(LMS, linspace, (1, 1.0), (2, 1.0), (4, 0.5), (4, 1.0), (8, 0.5), (20, 0.3), (20, 1.0))
    add(LMS, turbo, (4, 1.0), (8, 0.5))
    add(LMS, leading, (4, 0.5), (20, 1.0))
    add(LMS, {**linspace, **vpred}, (8, 1.0))
    add(LMS, {**linspace, "prediction_type": "sample"}, (4, 1.0))
    add(LMS, {**linspace, **karras}, (8, 1.0), (20, 0.4))
    add(LMS, {**linspace, "use_exponential_sigmas": True}, (8, 1.0))

    unipc = {
        "solver_order": 2,
        "solver_type": "bh2",
        "lower_order_final": True,
        "timestep_spacing": "linspace",
        "steps_offset": 1,
        "prediction_type": "epsilon",
    }
    add(UNIPC, unipc, (1, 1.0), (2, 0.5), (2, 1.0), (4, 0.5), (4, 1.0), (8, 0.5), (20, 0.3), (20, 1.0))
    add(UNIPC, {**unipc, **leading}, (4, 1.0), (8, 0.5))
    add(UNIPC, {**unipc, **trailing}, (4, 1.0), (8, 0.5))
    add(UNIPC, {**unipc, **vpred}, (4, 1.0), (8, 0.5))
    add(UNIPC, {**unipc, "prediction_type": "sample"}, (4, 1.0))
    # bh1 has no last step to no noise in diffusers (NaN).
    add(UNIPC, {**unipc, "solver_type": "bh1", **ends}, (4, 1.0), (8, 0.5))
    add(UNIPC, {**unipc, "solver_order": 1}, (4, 1.0))
    add(UNIPC, {**unipc, "solver_order": 3}, (4, 1.0), (8, 0.5), (20, 1.0))
    add(UNIPC, {**unipc, "solver_order": 3, **karras, **ends}, (8, 1.0), (20, 0.4))
    add(UNIPC, {**unipc, **karras}, (4, 1.0), (8, 0.5))
    add(UNIPC, {**unipc, "disable_corrector": [0, 2]}, (8, 1.0), (8, 0.8))
    add(UNIPC, {**unipc, "lower_order_final": False, **ends}, (4, 1.0))
    add(UNIPC, {**unipc, "use_exponential_sigmas": True}, (8, 0.5))

    deis = {
        "solver_order": 2,
        "lower_order_final": True,
        "timestep_spacing": "linspace",
        "steps_offset": 1,
        "prediction_type": "epsilon",
    }
    add(DEIS, deis, (1, 1.0), (2, 0.5), (2, 1.0), (4, 0.5), (4, 1.0), (8, 0.5), (20, 0.3), (20, 1.0))
    add(DEIS, {**deis, **leading}, (4, 1.0), (8, 0.5))
    add(DEIS, {**deis, **trailing}, (4, 1.0))
    add(DEIS, {**deis, **vpred}, (4, 1.0), (8, 0.5))
    add(DEIS, {**deis, "prediction_type": "sample"}, (4, 1.0))
    add(DEIS, {**deis, "solver_order": 1}, (4, 1.0))
    add(DEIS, {**deis, "solver_order": 3}, (4, 1.0), (8, 0.5), (20, 1.0))
    add(DEIS, {**deis, **karras}, (4, 1.0), (8, 0.5))

    tcd = {**lcm, "steps_offset": 0}
    add(TCD, tcd, (1, 1.0), (2, 0.5), (2, 1.0), (4, 0.5), (4, 1.0), (8, 0.5), (20, 1.0))
    add(TCD, {**tcd, **vpred}, (4, 1.0))
    add(TCD, {**tcd, "prediction_type": "sample"}, (4, 0.5))
    return cases


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
        "timesteps": [int(t) for t in timesteps]
        if timesteps.dtype == torch.int64
        else f32(timesteps),
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
