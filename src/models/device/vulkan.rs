//! What graphics cards the system's Vulkan has: names, memory, 16-bit floats. ONNX Runtime's WebGPU provider tells none of
//! that before it fails, nor whether the card is one.

use std::ffi::CStr;

use ash::vk;
use once_cell::sync::OnceCell;

use super::Card;

/// The cards, best first (in the order in which Dawn, ONNX Runtime's WebGPU, takes them); or why there are none.
///
/// # Errors
/// What is missing, as a part of a sentence.
#[cfg(not(target_os = "macos"))]
pub(super) fn cards() -> Result<Vec<Card>, String> {
    // Kept for good: drivers that are unloaded while their threads run bring a process down.
    static LOADER: OnceCell<ash::Entry> = OnceCell::new();
    // SAFETY: the system's own loader, which does nothing when it is opened.
    let entry = LOADER.get_or_try_init(|| unsafe { ash::Entry::load() }).map_err(|_| {
        "the system has no Vulkan (install the driver of your graphics card; on Debian and Ubuntu libvulkan1 and \
         mesa-vulkan-drivers)"
            .to_owned()
    })?;
    // Older versions than 1.1 cannot be asked for features.
    let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_1);
    let wanted = vk::InstanceCreateInfo::default().application_info(&application);
    // SAFETY: what `wanted` points at lives until the call returns.
    let instance = unsafe { entry.create_instance(&wanted, None) }.map_err(|error| match error {
        vk::Result::ERROR_INCOMPATIBLE_DRIVER => no_driver(),
        error => format!("Vulkan does not start ({error}); install the driver of your graphics card anew"),
    })?;
    // SAFETY: the instance lives.
    let found = unsafe { instance.enumerate_physical_devices() };
    let mut cards: Vec<_> =
        found.unwrap_or_default().into_iter().map(|device| card(&instance, device)).collect();
    // SAFETY: the only use of the instance ended with the line before; nothing was made from it.
    unsafe { instance.destroy_instance(None) };
    if cards.is_empty() {
        return Err(no_driver());
    }
    cards.sort_by_key(|(rank, _)| *rank);
    Ok(cards.into_iter().map(|(_, card)| card).collect())
}

/// Metal has no Vulkan, and always a card.
#[cfg(target_os = "macos")]
pub(super) fn cards() -> Result<Vec<Card>, String> {
    Ok(vec![Card::default()])
}

fn no_driver() -> String {
    "Vulkan finds no graphics card (install its driver; on Debian and Ubuntu mesa-vulkan-drivers, or NVIDIA's)"
        .to_owned()
}

fn card(instance: &ash::Instance, device: vk::PhysicalDevice) -> (u8, Card) {
    // SAFETY: the handle is the instance's own, here and below.
    let properties = unsafe { instance.get_physical_device_properties(device) };
    let memory = unsafe { instance.get_physical_device_memory_properties(device) };
    let heaps = memory.memory_heaps.iter().take(memory.memory_heap_count as usize);
    let own = heaps.filter(|heap| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL));
    let name = properties.device_name_as_c_str().map(CStr::to_string_lossy).unwrap_or_default();
    let rank = match properties.device_type {
        vk::PhysicalDeviceType::DISCRETE_GPU => 0,
        vk::PhysicalDeviceType::INTEGRATED_GPU => 1,
        vk::PhysicalDeviceType::CPU => 3,
        _ => 2,
    };
    let card = Card {
        name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
        memory: own.map(|heap| heap.size).max(),
        half: Some(has_half(instance, device, properties.api_version)),
        is_software: properties.device_type == vk::PhysicalDeviceType::CPU,
        is_processor: false,
    };
    (rank, card)
}

/// What Dawn wants for its `shader-f16`.
fn has_half(instance: &ash::Instance, device: vk::PhysicalDevice, version: u32) -> bool {
    if version < vk::API_VERSION_1_1 {
        return false;
    }
    let mut arithmetic = vk::PhysicalDeviceShaderFloat16Int8Features::default();
    let mut storage = vk::PhysicalDevice16BitStorageFeatures::default();
    let mut features =
        vk::PhysicalDeviceFeatures2::default().push_next(&mut arithmetic).push_next(&mut storage);
    // SAFETY: the chain lives until the call returns; structs that the driver does not know stay as they are, zero.
    unsafe { instance.get_physical_device_features2(device, &mut features) };
    arithmetic.shader_float16 != 0
        && storage.storage_buffer16_bit_access != 0
        && storage.uniform_and_storage_buffer16_bit_access != 0
}
