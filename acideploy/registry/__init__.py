"""Where images and models are kept: content-addressed blobs, and names for some of them."""
