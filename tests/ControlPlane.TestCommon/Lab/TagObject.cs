namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// An object file with two programs of traffic control, for kernels without VLAN devices. They do what such a device does: <c>push</c> at the
/// egress puts the VLAN id in the mark of a packet beside the frame, and a second id, in the high half of the mark, into it. <c>pop</c> at the
/// ingress takes all tags off.
/// </summary>
public sealed class TagObject : CompiledObject
{
    private const string Source = """
        struct skb { unsigned len, pkt_type, mark, queue_mapping, protocol, vlan_present; };
        static long (*vlan_push)(void *, unsigned short, unsigned short) = (void *)18;
        static long (*vlan_pop)(void *) = (void *)19;
        __attribute__((section("push"), used)) int push_tag(struct skb *skb)
        {
            unsigned mark = skb->mark;

            skb->mark = 0; // it stays with a frame that goes on in the same namespace
            if (mark >> 16)
                vlan_push(skb, 0x0081, mark >> 16);
            if (mark & 0xffff)
                vlan_push(skb, 0x0081, mark & 0xffff);
            return -1;
        }
        __attribute__((section("pop"), used)) int pop_tags(struct skb *skb)
        {
            if (skb->vlan_present)
                vlan_pop(skb);
            if (skb->vlan_present)
                vlan_pop(skb);
            if (skb->vlan_present)
                vlan_pop(skb);
            return -1;
        }
        char _license[] __attribute__((section("license"), used)) = "GPL";
        """;

    public TagObject()
        : base(Source)
    {
    }

    /// <summary>Returns the commands that attach both programs to an interface.</summary>
    public IReadOnlyList<string> Attach(string interfaceName) =>
    [
        $"tc qdisc add dev {interfaceName} clsact",
        $"tc filter add dev {interfaceName} egress bpf da obj {Path} sec push",
        $"tc filter add dev {interfaceName} ingress bpf da obj {Path} sec pop",
    ];
}
