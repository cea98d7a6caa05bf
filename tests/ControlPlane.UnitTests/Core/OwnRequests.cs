using ControlPlane.Core.Api;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

/// <summary>The operations as requests of the daemon itself, for tests that are not about requests.</summary>
internal static class OwnRequests
{
    public static Entry Get(this EntryService entries, string devmap, string key) => entries.Get(devmap, key, RequestContext.OfDaemon());

    public static Task DeleteAsync(this EntryService entries, string devmap, string key, Precondition precondition, CancellationToken cancellation) =>
        entries.DeleteAsync(devmap, key, RequestContext.OfDaemon(cancellation) with { Precondition = precondition });

    public static Attachment Get(this AttachmentService attachments, string devmap, string interfaceName) =>
        attachments.Get(devmap, interfaceName, RequestContext.OfDaemon());

    public static Task DeleteAsync(
        this AttachmentService attachments, string devmap, string interfaceName, Precondition precondition, CancellationToken cancellation) =>
        attachments.DeleteAsync(devmap, interfaceName, RequestContext.OfDaemon(cancellation) with { Precondition = precondition });

    public static EgressProgram Get(this ProgramService programs, string program) => programs.Get(program, RequestContext.OfDaemon());

    public static Task DeleteAsync(this ProgramService programs, string program, Precondition precondition, CancellationToken cancellation) =>
        programs.DeleteAsync(program, RequestContext.OfDaemon(cancellation) with { Precondition = precondition });

    public static Devmap Get(this DevmapService devmaps, string devmap) => devmaps.Get(devmap, RequestContext.OfDaemon());

    public static DevmapShape GetShape(this DevmapService devmaps, string devmap) => devmaps.GetShape(devmap, RequestContext.OfDaemon());

    public static InterfaceView Get(this InterfaceService interfaces, string name) => interfaces.Get(name, RequestContext.OfDaemon());

    public static IReadOnlyList<InterfaceView> List(this InterfaceService interfaces) => interfaces.List(RequestContext.OfDaemon());

    public static IReadOnlyList<EgressProgram> List(this ProgramService programs) => programs.List(RequestContext.OfDaemon());

    public static IReadOnlyList<Attachment> List(this AttachmentService attachments, string devmap) => attachments.List(devmap, RequestContext.OfDaemon());
}
