using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;

namespace ControlPlane.TestCommon.Calls;

/// <summary>Calls of Core's services without an API: what a request carries is given one by one, or left out.</summary>
internal static class ServiceCalls
{
    public static RequestContext Request(Precondition precondition = default, Violations? violations = null, CancellationToken cancellation = default) =>
        new(new Caller("test"), "test", precondition, violations ?? new Violations(), cancellation);

    public static Task<PutOutcome<Entry>> PutAsync(
        this EntryService entries, string devmap, string key, EntrySpec spec, Violations violations, Precondition precondition, CancellationToken cancellation,
        bool allowPending = false, bool force = false) =>
        entries.PutAsync(devmap, key, spec, allowPending, Request(precondition, violations, cancellation), force: force);

    public static Task DeleteAsync(
        this EntryService entries, string devmap, string key, Precondition precondition, CancellationToken cancellation, string? owner = null, bool force = false) =>
        entries.DeleteAsync(devmap, key, owner, force, Request(precondition, null, cancellation));

    public static Task DeleteAsync(this EntryService entries, string devmap, string key, RequestContext request) =>
        entries.DeleteAsync(devmap, key, null, false, request);

    public static Entry Get(this EntryService entries, string devmap, string key) => entries.Get(devmap, key, Request());

    public static EntryList List(this EntryService entries, string devmap, EntryQuery query, Violations violations) =>
        entries.List(devmap, query, Request(default, violations));

    public static Task<PutOutcome<Attachment>> PutAsync(
        this AttachmentService attachments, string devmap, string interfaceName, AttachmentSpec spec, Violations violations, Precondition precondition,
        CancellationToken cancellation) =>
        attachments.PutAsync(devmap, interfaceName, spec, false, Request(precondition, violations, cancellation));

    public static Task DeleteAsync(
        this AttachmentService attachments, string devmap, string interfaceName, Precondition precondition, CancellationToken cancellation) =>
        attachments.DeleteAsync(devmap, interfaceName, null, false, Request(precondition, null, cancellation));

    public static Task DeleteAsync(this AttachmentService attachments, string devmap, string interfaceName, RequestContext request) =>
        attachments.DeleteAsync(devmap, interfaceName, null, false, request);

    public static Attachment Get(this AttachmentService attachments, string devmap, string interfaceName) => attachments.Get(devmap, interfaceName, Request());

    public static IReadOnlyList<Attachment> List(this AttachmentService attachments, string devmap) => attachments.List(devmap, Request());

    public static Task<PutOutcome<EgressProgram>> PutAsync(
        this ProgramService programs, string program, EgressProgramSpec spec, Violations violations, Precondition precondition, CancellationToken cancellation) =>
        programs.PutAsync(program, spec, Request(precondition, violations, cancellation));

    public static Task DeleteAsync(this ProgramService programs, string program, Precondition precondition, CancellationToken cancellation) =>
        programs.DeleteAsync(program, null, false, Request(precondition, null, cancellation));

    public static EgressProgram Get(this ProgramService programs, string program) => programs.Get(program, Request());

    public static IReadOnlyList<EgressProgram> List(this ProgramService programs) => programs.List(Request());

    public static Task<EgressProgramSwap> SetOfInterfaceAsync(
        this ProgramService programs, string interfaceName, string? program, Violations violations, long? expectedRevision, CancellationToken cancellation) =>
        programs.SetOfInterfaceAsync(interfaceName, program, Request(new Precondition(expectedRevision), violations, cancellation));

    public static Devmap Get(this DevmapService devmaps, string devmap) => devmaps.Get(devmap, Request());

    public static DevmapShape GetShape(this DevmapService devmaps, string devmap) => devmaps.GetShape(devmap, Request());

    public static Interface Get(this InterfaceService interfaces, string name) => interfaces.Get(name, Request());

    public static Task<AuditReport> AuditAsync(this AuditService audits, string devmap, bool? repair, CancellationToken cancellation) =>
        audits.AuditAsync(devmap, repair, Request(cancellation: cancellation));

    public static Explanation Explain(this ExplainService explanations, string devmap, ExplainQuery query, Violations violations) =>
        explanations.Explain(devmap, query, Request(default, violations));

    public static IAsyncEnumerable<WatchEvent> Watch(
        this WatchService watches, string devmap, long? revision, Violations violations, CancellationToken cancellation) =>
        watches.Watch(devmap, revision, new WatchQuery(), Request(default, violations, cancellation));
}
