using System.Globalization;
using Devmapd.V1;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.Client;

/// <summary>A field of a request that is not valid.</summary>
/// <param name="Field">The path of the field in the request, for instance <c>spec.interface</c>.</param>
/// <param name="Message">The reason.</param>
public sealed record InvalidField(string Field, string Message);

/// <summary>A call failed. The daemon refused it if there is a <see cref="Code"/>; otherwise the daemon did not answer.</summary>
public sealed class DevmapdException : Exception
{
    private const string Domain = "devmapd";

    /// <summary>Reads the error from the status of a call.</summary>
    public DevmapdException(RpcException failure)
        : base(failure?.Status.Detail, failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        StatusCode = failure.StatusCode;
        var status = failure.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        if (info?.Domain != Domain)
            return;
        Code = info.Reason;
        Resource = info.Metadata.GetValueOrDefault("resource");
        Errno = int.TryParse(info.Metadata.GetValueOrDefault("errno"), CultureInfo.InvariantCulture, out var errno) ? errno : null;
        Fields = [.. (status!.GetDetail<BadRequest>()?.FieldViolations ?? []).Select(v => new InvalidField(v.Field, v.Description))];
        Remedy = status.GetDetail<Remedy>();
        RetryAfter = status.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan();
        VerifierLog = status.GetDetail<DebugInfo>()?.Detail;
    }

    /// <summary>
    /// The code of the catalogue, for instance <c>revision_mismatch</c>. Null if the daemon did not answer: a write may have happened or not.
    /// </summary>
    public string? Code { get; }

    /// <summary>The status code of the call.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>All fields that are not valid, for <c>invalid_argument</c>.</summary>
    public IReadOnlyList<InvalidField> Fields { get; } = [];

    /// <summary>How to make the call succeed; null if the daemon knows no remedy.</summary>
    public Remedy? Remedy { get; }

    /// <summary>The resource behind the error, for instance <c>devmaps/default/entries/veth-a</c>; null if there is none.</summary>
    public string? Resource { get; }

    /// <summary>The kernel's error number; null if the kernel was not asked.</summary>
    public int? Errno { get; }

    /// <summary>When the call may succeed; null if the daemon does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>The end of the verifier's log, if a program failed to load.</summary>
    public string? VerifierLog { get; }
}
