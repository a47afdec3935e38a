//! Model folders, ONNX Runtime and its sessions.
