//! Encode → denoise → decode.
