using System.Reflection;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The version of this build.</summary>
internal static class DaemonVersion
{
    /// <summary>For instance <c>0.1.0</c>, with the source revision behind a plus sign where the build knew it.</summary>
    public static string Text { get; } =
        typeof(DaemonVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
