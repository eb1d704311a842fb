from tests.enrollment.subscriber.conftest import person

__all__ = ["person"]
