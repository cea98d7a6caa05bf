using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>What a devmap refuses before the kernel is asked, which would only say EINVAL.</summary>
internal static class DevmapRefusals
{
    public static ControlPlaneException NoEgressPrograms(DevmapDefinition devmap) =>
        new(new Error(ErrorCode.NotSupported, $"Devmap {devmap.Name} has 4-byte values, which hold an interface and no egress program.")
        {
            Remedy = "Use a devmap with ValueSize 8 (Linux 5.8 and later).",
        });

    public static ControlPlaneException NoSuchProgram(string name) =>
        new(ErrorCode.ProgramNotFound, $"There is no egress program {name}.");
}
