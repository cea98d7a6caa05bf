using System.Globalization;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// How much longer than on a usual machine a test waits for what must happen. `make kernels` sets <c>DEVMAPD_TEST_PATIENCE</c>: an emulated
/// machine is many times slower.
/// </summary>
public static class Patience
{
    private static readonly double Factor =
        double.TryParse(Environment.GetEnvironmentVariable("DEVMAPD_TEST_PATIENCE"), CultureInfo.InvariantCulture, out var factor) ? factor : 1;

    /// <summary>Returns a deadline for this machine.</summary>
    public static TimeSpan OfSeconds(double seconds) => TimeSpan.FromSeconds(seconds) * Factor;
}
