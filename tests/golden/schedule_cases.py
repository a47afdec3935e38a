"""What schedulers.py runs: classes and settings, steps, strengths, and how diffusers' pipelines get there."""

EULER = "EulerDiscreteScheduler"
ANCESTRAL = "EulerAncestralDiscreteScheduler"
LCM = "LCMScheduler"
DDIM = "DDIMScheduler"
PNDM = "PNDMScheduler"
DPM = "DPMSolverMultistepScheduler"
SINGLE = "DPMSolverSinglestepScheduler"
HEUN = "HeunDiscreteScheduler"
LMS = "LMSDiscreteScheduler"
UNIPC = "UniPCMultistepScheduler"
DEIS = "DEISMultistepScheduler"
TCD = "TCDScheduler"
KDPM2 = "KDPM2DiscreteScheduler"
KDPM2A = "KDPM2AncestralDiscreteScheduler"
# The part that every Stable Diffusion scheduler_config.json has in common.
SD = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "trained_betas": None,
}


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
