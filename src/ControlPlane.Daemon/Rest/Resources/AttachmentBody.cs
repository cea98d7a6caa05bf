using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>How a redirect program is to be attached.</summary>
internal sealed class AttachmentBody
{
    /// <summary>
    /// `native`: in the driver, at its speed. `generic`: in the network stack, on any interface, slower. The kernel is never
    /// left to choose.
    /// </summary>
    /// <example>generic</example>
    public required AttachMode Mode { get; init; }

    /// <summary>The field as it was sent; the service knows which texts are right.</summary>
    public static string? Read(Reading.JsonFields body) => body.Text("mode");
}
