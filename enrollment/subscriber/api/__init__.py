"""What people's pages do, over ``/enrollment/v1``, for the systems of their institutions."""
