using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>For each code an error of the catalogue, as the API renders it.</summary>
internal static class ErrorExamples
{
    private const string Devmap = "default", Entry = "devmaps/default/entries/lo", Program = "to-router-1", Interface = "eth0";
    private const uint Capacity = 65536;

    /// <summary>The example for a code, at an operation that is asked for at <paramref name="instance"/>, with a body or without.</summary>
    public static JsonNode Of(ErrorCode code, Operation operation, string instance, bool hasBody) =>
        JsonSerializer.SerializeToNode(
            Problems.Of(
                Make(code, instance.Replace("/v1/", "", StringComparison.Ordinal), hasBody, operation.Resource == "interfaces"),
                instance,
                "5f2c9a6b01d4e837"),
            RestJson.Instance.Problem)!;

    private static Error Make(ErrorCode code, string resource, bool hasBody, bool addressesInterface) => code switch
    {
        ErrorCode.InvalidArgument when hasBody => RequestErrors.Invalid([new(RequestBody.Field, RequestErrors.BodyMissing)]),
        ErrorCode.InvalidArgument => RequestErrors.Invalid([new("dryRun", RequestErrors.UnknownParameter([]))]),
        ErrorCode.DevmapNotFound => DevmapErrors.NotFound(Devmap),
        ErrorCode.EntryNotFound => EntryErrors.NotFound(Devmap, "lo"),
        ErrorCode.ProgramNotFound => ProgramErrors.NotFound(Program),
        ErrorCode.AttachmentNotFound => AttachmentErrors.NotFound(Devmap, Interface),
        ErrorCode.EgressProgramConflict => EntryErrors.EgressProgramConflict("devmaps/default/entries/1", null, "lo", Entry, Program),
        ErrorCode.KeyConflict => EntryErrors.KeyConflict("1", 1, Devmap, "lo"),
        ErrorCode.AttachConflict => Refused(Errno.EBUSY),
        ErrorCode.ProgramInUse => ProgramErrors.InUse(Program, 2, Devmap, "changed"),
        ErrorCode.InterfaceNotFound when addressesInterface => InterfaceErrors.NotFound("veth9"),
        ErrorCode.InterfaceNotFound => InterfaceErrors.Missing("interface", "veth9", pendingPossible: true),
        ErrorCode.InterfaceUnsuitable => Refused(Errno.EOPNOTSUPP),
        ErrorCode.AlreadyExists when resource == "tokens" => AccessErrors.TokenExists("orchestrator"),
        ErrorCode.AlreadyExists => RequestErrors.AlreadyExists(resource, 42),
        ErrorCode.RevisionMismatch => RequestErrors.RevisionMismatch(resource, 42, [41]),
        ErrorCode.RevisionCompacted => DevmapErrors.Compacted(Devmap, 7, 42),
        ErrorCode.StoreUnavailable => RequestErrors.StoreUnavailable("database or disk is full"),
        ErrorCode.WriterBusy => RequestErrors.WriterBusy(8192),
        ErrorCode.TooManyConnections => RequestErrors.TooManyConnectionsOfCaller("address 192.0.2.1"),
        ErrorCode.TooManyStreams => RequestErrors.TooManyStreamsOfCaller("token orchestrator", 512),
        ErrorCode.KernelFailure => RequestErrors.KernelRefused(
            new KernelException("bpf_map_update_elem(devmap default, key 1)", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)")),
        ErrorCode.NotSupported => DevmapErrors.NoEgressPrograms(Devmap),
        ErrorCode.ShuttingDown => RequestErrors.ShuttingDown(),
        ErrorCode.DevmapFull => DevmapErrors.Full(Devmap, Capacity, Errno.E2BIG),
        ErrorCode.LeaseNotFound => LeaseErrors.NotFound("cni"),
        ErrorCode.TokenNotFound => AccessErrors.TokenNotFound("orchestrator"),
        ErrorCode.Unauthenticated => AccessErrors.NoCredentials(),
        ErrorCode.PermissionDenied => RequestErrors.ForeignOrigin("http://page.example"),
        ErrorCode.PathNotFound => RequestErrors.PathNotFound("/v1/devmap"),
        ErrorCode.MethodNotAllowed => RequestErrors.MethodNotAllowed("PATCH", "GET, HEAD"),
        ErrorCode.UnsupportedMediaType => RequestErrors.NotJson("text/plain"),
        ErrorCode.RequestTooLarge => RequestErrors.TooLarge(Operations.PutEntry.MaxRequestBytes),
        ErrorCode.IdempotencyKeyReused => RequestErrors.IdempotencyKeyReused("sync-17", DateTimeOffset.UnixEpoch.AddYears(56)),
        ErrorCode.OwnedByOther => RequestErrors.OwnedByOther(Entry, "cni", "orchestrator", deletes: false),
        ErrorCode.TooManyDeletions => EntryErrors.TooManyDeletions(Devmap, 31, 10, 64),
        ErrorCode.DevmapInUse => DevmapErrors.InUse(Devmap, [Interface]),
        ErrorCode.DevmapReadOnly => DevmapErrors.ReadOnly(Devmap),
        ErrorCode.TooManyDevmaps => DevmapErrors.TooMany(Core.Model.DevmapLimits.MaxDevmaps),
        ErrorCode.ConfirmationPending => DevmapErrors.ConfirmationPending(Devmap, TimeSpan.FromSeconds(42)),
        ErrorCode.ConfirmationNotFound => DevmapErrors.NoConfirmation(Devmap, null),
        ErrorCode.InternalError => RequestErrors.Internal(),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not in the catalogue"),
    };

    private static Error Refused(int errno) => AttachmentErrors.Refused(new AttachmentWrite(Devmap, Interface), "native", 1500, 4, errno, "", other: ("native", 4711));
}
