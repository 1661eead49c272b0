"""HTTP/1.1 for orders: pooled, verified, never redirected, and honest about what left."""
