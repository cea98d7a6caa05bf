using ControlPlane.Kernel.Probing;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.Demo;

/// <summary>Whether this machine and this user can run the demo.</summary>
internal static class Fitness
{
    /// <summary>The obstacle and the way around it; null if there is none.</summary>
    public static string? Objection()
    {
        const string Otherwise = "Without privileges: make run ARGS=--simulate serves the API on a simulated kernel.";
        if (!Environment.IsPrivilegedProcess)
            return $"it makes network namespaces, veths and XDP programs, which needs root: sudo make demo. {Otherwise}";
        var faults = KernelPreflight.Check("/sys/fs/bpf");
        if (faults.Count > 0)
            return string.Join('\n', [.. faults.Select(f => $"{f.Problem} {f.Remedy}"), Otherwise]);
        try
        {
            using var probe = NetworkNamespace.Create();
            return null;
        }
        catch (Exception refused) when (refused is IOException or ShellException)
        {
            return $"it cannot make a network namespace here ({refused.Message}): it needs CAP_SYS_ADMIN, which most containers lack. {Otherwise}";
        }
    }
}
