using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.Daemon.Api.Rest.Json;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>For each code an error as the API renders it.</summary>
internal static class ErrorExamples
{
    /// <summary>The example for a code, at an operation that is asked for at <paramref name="instance"/>, with a body or without.</summary>
    public static JsonNode Of(ErrorCode code, Operation operation, string instance, bool hasBody) =>
        JsonSerializer.SerializeToNode(
            Problems.Of(
                Make(code, instance.Replace("/v1/", "", StringComparison.Ordinal), hasBody) with { IsAddressed = operation.Resource == "interfaces" },
                instance,
                "5f2c9a6b01d4e837"),
            RestJson.Instance.Problem)!;

    private static Error Make(ErrorCode code, string resource, bool hasBody) => code switch
    {
        ErrorCode.InvalidArgument when hasBody => Faulty("body", "is missing; it must be a JSON object"),
        ErrorCode.InvalidArgument => Faulty("dryRun", "is not a parameter of this operation; it takes none"),
        ErrorCode.DevmapNotFound => new Error(code, "There is no devmap 'default'.")
        { Resource = "devmaps/default", Remedy = new Remedy("GET /v1/devmaps lists the devmaps; they are declared in the configuration.") },
        ErrorCode.EntryNotFound => new Error(code, "Devmap 'default' has no entry 'lo'.") { Resource = resource },
        ErrorCode.ProgramNotFound => new Error(code, "There is no egress program 'to-router-1'.")
        { Resource = "programs/to-router-1", Remedy = new Remedy("GET /v1/programs lists the egress programs; PUT loads one.") },
        ErrorCode.AttachmentNotFound => new Error(code, "The redirect program of devmap 'default' is not attached to 'eth0'.") { Resource = resource },
        ErrorCode.EgressProgramConflict => new Error(code, "Entry 'lo' of devmap 'default' sends frames to 'lo' with the egress program 'to-router-1'; this one would send them with none.")
        {
            Fields = [new("egressProgram", "must be 'to-router-1', as in devmaps/default/entries/lo")],
            Remedy = new Remedy("Give all entries for the interface the same egress program."),
            Resource = "devmaps/default/entries/lo",
        },
        ErrorCode.KeyConflict => new Error(code, "Entries 'lo' and '1' come to the same kernel key 1.")
        { Fields = [new("key", "comes to the kernel key of 'lo'")], Remedy = new Remedy("Delete one of them."), Resource = "devmaps/default/entries/lo" },
        ErrorCode.AttachConflict => new Error(code, "Another XDP program (id 9) holds 'eth0'.")
        { Fields = [new("interface", "is held by XDP program 9")], Errno = Errno.EBUSY, Remedy = new Remedy("ip link set dev eth0 xdp off"), Resource = resource },
        ErrorCode.ProgramInUse => new Error(code, "2 entries carry the egress program 'to-router-1'.")
        { Remedy = new Remedy("GET /v1/devmaps/default/entries?egressProgram=to-router-1 lists them."), Resource = resource },
        ErrorCode.InterfaceNotFound => new Error(code, "The host has no interface 'veth9'.")
        { Fields = [new("interface", "does not exist")], Remedy = new Remedy("GET /v1/interfaces lists the interfaces of the host."), Resource = "interfaces/veth9" },
        ErrorCode.InterfaceUnsuitable => new Error(code, "The driver of 'eth0' cannot do this.")
        { Fields = [new("interface", "cannot do this")], Errno = Errno.EOPNOTSUPP, Remedy = new Remedy("Use mode 'generic'."), Resource = "interfaces/eth0" },
        ErrorCode.AlreadyExists => new Error(code, $"'{resource}' exists, at revision 42.") { Resource = resource },
        ErrorCode.RevisionMismatch => new Error(code, $"'{resource}' is at revision 42; revision 41 was expected.")
        { Resource = resource, Remedy = new Remedy("Read the resource again and retry with its current revision.") },
        ErrorCode.RevisionCompacted => new Error(code, "The changes after revision 7 are no longer kept; those after 42 are.")
        { Resource = "devmaps/default", Remedy = new Remedy("Watch without a revision: the stream begins with a snapshot.") },
        ErrorCode.StoreUnavailable => new Error(code, "The change cannot be made durable and was not made: database or disk is full.")
        { RetryAfter = TimeSpan.FromSeconds(5), Remedy = new Remedy("Give the store room or make it writable; then try again. Reads go on meanwhile.") },
        ErrorCode.WriterBusy => new Error(code, "8192 commands wait already; nothing was changed.")
        { RetryAfter = TimeSpan.FromSeconds(1), Remedy = new Remedy("Try again after a moment.") },
        ErrorCode.KernelFailure => new Error(code, "bpf_map_update_elem(devmap default, key 1): ENOMEM (Cannot allocate memory)")
        { Errno = Errno.ENOMEM, Resource = resource },
        ErrorCode.NotSupported => new Error(code, "This needs a kernel feature that is not there: Linux 5.8 brings it.") { Resource = resource },
        ErrorCode.ShuttingDown => new Error(code, "The daemon is stopping; nothing was changed.") { Remedy = new Remedy("Try again when it is back.") },
        ErrorCode.DevmapFull => new Error(code, "Devmap 'default' holds its maximum of 65536 entries.")
        { Errno = Errno.E2BIG, Remedy = new Remedy("Delete entries, or raise MaxEntries of the devmap."), Resource = "devmaps/default" },
        ErrorCode.PermissionDenied => new Error(code, "A page of 'http://page.example' may not change anything here."),
        ErrorCode.PathNotFound => new Error(code, "There is nothing at /v1/devmap; the API is described at /swagger."),
        ErrorCode.MethodNotAllowed => new Error(code, "PATCH is not for this path; it takes GET, HEAD."),
        ErrorCode.UnsupportedMediaType => new Error(code, "The body must be application/json in UTF-8, not 'text/plain'."),
        ErrorCode.RequestTooLarge => new Error(code, "The body has more than 65536 bytes."),
        ErrorCode.InternalError => new Error(code, "The daemon failed; its log has the exception under the id of the request."),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not in the catalogue"),
    };

    private static Error Faulty(string field, string message) =>
        new(ErrorCode.InvalidArgument, $"{field}: {message}") { Fields = [new(field, message)] };
}
